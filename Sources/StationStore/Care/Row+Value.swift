// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Columns of a store that may be damaged: where GRDB's subscripts would end the process, these throw.
extension Row {
    /// The value of a column by its index.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ index: Int) throws -> Value {
        do { return try decode(Value.self, atIndex: index) } catch { throw Self.damaged("\(error)") }
    }

    /// The value of a column by its name.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ name: String) throws -> Value {
        do { return try decode(Value.self, forColumn: name) } catch { throw Self.damaged("\(error)") }
    }

    private static func damaged(_ what: String) -> StoreError {
        StoreError(
            .damaged,
            "the database holds what it cannot hold (\(what.prefix(160))); put the last backup in its place "
                + "(stationmaster restore)")
    }
}
