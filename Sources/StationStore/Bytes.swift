// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// A blob on its way into the store.
struct Bytes: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    init?(_ bytes: [UInt8]?) {
        guard let bytes else { return nil }
        self.bytes = bytes
    }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Bytes? {
        Data.fromDatabaseValue(value).map { Bytes([UInt8]($0)) }
    }
}

/// A blob on its way out.
func bytes(_ data: Data) -> [UInt8] { [UInt8](data) }
