// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import GRDBSQLite
import InformationServices
import StationModel

/// The log of reports as one table with its two indexes.
final class SQLiteReportLog: ReportLog {
    private let database: CurrentDatabase

    init(database: CurrentDatabase) { self.database = database }

    /// Through the C API: the text is bound without a copy.
    func append(
        publisher: Int64, sequence: Int64, receivedAt: Timestamp, isLate: Bool, body: [UInt8]
    ) throws -> Int64 {
        let db = try database.db
        let statement = try db.cachedStatement(
            sql: "INSERT INTO report_log (publisher, sequence, received_ms, is_late, body) VALUES (?, ?, ?, ?, ?)")
        let raw = statement.sqliteStatement
        defer {
            sqlite3_reset(raw)
            sqlite3_clear_bindings(raw)
        }
        sqlite3_bind_int64(raw, 1, publisher)
        sqlite3_bind_int64(raw, 2, sequence)
        sqlite3_bind_int64(raw, 3, receivedAt.milliseconds)
        sqlite3_bind_int(raw, 4, isLate ? 1 : 0)
        let code = body.withUnsafeBytes { bytes -> CInt in
            // Nil stands for SQLITE_STATIC: the bytes stay where they are until the step is done.
            sqlite3_bind_blob64(raw, 5, bytes.baseAddress ?? UnsafeRawPointer(raw), UInt64(bytes.count), nil)
            return sqlite3_step(raw)
        }
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: "INSERT INTO report_log")
        }
        return db.lastInsertedRowID
    }

    func lastPosition() throws -> Int64 {
        let statement = try database.db.cachedStatement(sql: "SELECT coalesce(max(position), 0) FROM report_log")
        return try Int64.fetchOne(statement) ?? 0
    }

    func entry(at position: Int64) throws -> LogEntry? {
        try entries("WHERE position = ?", [position]).first
    }

    func page(after position: Int64, limit: Int, publisher: Int64?) throws -> [LogEntry] {
        if let publisher {
            return try entries(
                "WHERE publisher = ? AND position > ? ORDER BY position LIMIT ?", [publisher, position, limit])
        }
        return try entries("WHERE position > ? ORDER BY position LIMIT ?", [position, limit])
    }

    func page(before position: Int64, limit: Int, publisher: Int64?) throws -> [LogEntry] {
        if let publisher {
            return try entries(
                "WHERE publisher = ? AND position < ? ORDER BY position DESC LIMIT ?", [publisher, position, limit])
        }
        return try entries("WHERE position < ? ORDER BY position DESC LIMIT ?", [position, limit])
    }

    func count(after position: Int64, limit: Int, publisher: Int64) throws -> Int {
        let statement = try database.db.cachedStatement(
            sql: """
                SELECT count(*) FROM (SELECT 1 FROM report_log WHERE publisher = ? AND position > ? LIMIT ?)
                """)
        return try Int.fetchOne(statement, arguments: [publisher, position, limit]) ?? 0
    }

    func lookup(publisher: Int64, sequence: Int64) throws -> LogEntry? {
        try entries("WHERE publisher = ? AND sequence = ?", [publisher, sequence]).first
    }

    func history(
        publisher: Int64, range: ClosedRange<Timestamp>, after position: Int64, limit: Int
    ) throws -> [LogEntry] {
        try entries(
            """
            WHERE publisher = ? AND position > ? AND received_ms BETWEEN ? AND ? ORDER BY position LIMIT ?
            """,
            [publisher, position, range.lowerBound.milliseconds, range.upperBound.milliseconds, limit])
    }

    /// Beside a single `max`, SQLite takes the other columns from the row that has it. Read by position, not by index.
    func progress(after position: Int64) throws -> [PublisherProgress] {
        let statement = try database.db.cachedStatement(
            sql: """
                SELECT publisher, max(sequence), position, received_ms FROM report_log NOT INDEXED
                WHERE position > ? GROUP BY publisher
                """)
        return try Row.fetchAll(statement, arguments: [position]).map {
            PublisherProgress(
                publisher: $0[0], lastSequence: $0[1], lastPosition: $0[2],
                lastReport: Timestamp(milliseconds: $0[3]))
        }
    }

    private func entries(_ clause: String, _ arguments: StatementArguments) throws -> [LogEntry] {
        let statement = try database.db.cachedStatement(
            sql: "SELECT position, publisher, sequence, received_ms, is_late, body FROM report_log " + clause)
        return try Row.fetchAll(statement, arguments: arguments).map { row in
            LogEntry(
                position: row[0], publisher: row[1], sequence: row[2],
                receivedAt: Timestamp(milliseconds: row[3]), isLate: row[4], body: bytes(row[5]))
        }
    }
}
