// SPDX-License-Identifier: Apache-2.0
import GRDB
import StationTesting

/// A look into the store of a bench, past the component.
enum StoreLook {
    static func count(_ bench: TestBench, _ table: String) throws -> Int {
        try DatabaseQueue(path: bench.configuration.storePath).read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1
        }
    }

    static func execute(_ bench: TestBench, _ sql: String) throws {
        try DatabaseQueue(path: bench.configuration.storePath).write { try $0.execute(sql: sql) }
    }
}
