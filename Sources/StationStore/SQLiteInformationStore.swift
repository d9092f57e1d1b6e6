// SPDX-License-Identifier: Apache-2.0
import GRDB
import GRDBSQLite
import Governance
import InformationServices
import StationModel
import XMPPCore

/// The tables of information services: publishers and grants. Subscriptions and contacts are in a file of their own
/// beside this one, the log of reports in `Log/`.
final class SQLiteInformationStore: InformationStore {
    let database: CurrentDatabase
    let log: any ReportLog
    private let segments: SegmentLog

    init(database: CurrentDatabase, log: SegmentLog) {
        self.database = database
        self.log = log
        segments = log
    }

    func change(_ sql: String, _ arguments: StatementArguments) throws {
        try database.db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func number(_ sql: String) throws -> Int64 {
        guard let row = try rows(sql).first else { throw StoreError(.damaged, "the store has no information_state") }
        return try row.value(0)
    }

    func epoch() throws -> Int64 { try number("SELECT epoch FROM information_state") }

    func wasLinked() throws -> Bool { try number("SELECT was_linked FROM information_state") == 1 }

    func setLinked() throws { try change("UPDATE information_state SET was_linked = 1", []) }

    // MARK: - Publishers

    /// Numbers are given one after the other, so one far beyond their count is a flipped bit; memory is reserved by it.
    func lastPublisher() throws -> Int64 {
        let last = try number("SELECT coalesce(max(number), 0) FROM publisher")
        let count = try number("SELECT count(*) FROM publisher")
        guard last <= 2 * count + 65_536 else {
            throw StoreError(
                .damaged, "the store has \(count) stations, but one with number \(last); put the last backup in its place")
        }
        return last
    }

    /// Through the C API: a start reads all of them, and nothing is copied on the way.
    func eachPublisher(_ body: (StoredPublisher) throws -> Void) throws {
        let statement = try database.db.makeStatement(
            sql: "SELECT number, spelling, jid, state, last_sequence, last_position, last_report_ms FROM publisher")
        let raw = statement.sqliteStatement
        defer { sqlite3_reset(raw) }
        while true {
            let code = sqlite3_step(raw)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
            let hasReport = sqlite3_column_type(raw, 6) != SQLITE_NULL
            try body(
                StoredPublisher(
                    number: sqlite3_column_int64(raw, 0), serial: Self.text(raw, 1), jid: Self.text(raw, 2),
                    state: try Self.state(Self.text(raw, 3)), lastSequence: sqlite3_column_int64(raw, 4),
                    lastPosition: sqlite3_column_int64(raw, 5),
                    lastReport: hasReport ? Timestamp(milliseconds: sqlite3_column_int64(raw, 6)) : nil))
        }
        // The pages of the whole table have gone through the cache; none of them is wanted again soon.
        sqlite3_db_release_memory(try database.db.sqliteConnection)
    }

    private static func text(_ statement: OpaquePointer?, _ column: Int32) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: sqlite3_column_text(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
    }

    private static func state(_ word: UnsafeBufferPointer<UInt8>) throws -> PublisherState {
        if word.elementsEqual("active".utf8) { return .active }
        guard let state = PublisherState(rawValue: String(decoding: word, as: UTF8.self)) else {
            throw StoreError(.damaged, "the store holds an unknown publisher state")
        }
        return state
    }

    func put(_ publisher: PublisherRecord) throws {
        try change(
            """
            INSERT INTO publisher VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (number) DO UPDATE SET jid = excluded.jid, state = excluded.state
            """,
            [
                publisher.number, publisher.serial.folded, publisher.serial.description, publisher.jid.description,
                publisher.state.rawValue, publisher.lastSequence, publisher.lastPosition,
                publisher.lastReport?.milliseconds,
            ])
    }

    func setProgress(_ progress: [PublisherProgress]) throws {
        for one in progress {
            try change(
                "UPDATE publisher SET last_sequence = ?, last_position = ?, last_report_ms = ? WHERE number = ?",
                [one.lastSequence, one.lastPosition, one.lastReport.milliseconds, one.publisher])
        }
    }

    func progressPosition() throws -> Int64 { try number("SELECT progress_position FROM information_state") }

    func setProgressPosition(_ position: Int64) throws {
        try change("UPDATE information_state SET progress_position = ?", [position])
    }

    // MARK: - Retention

    func giveUp(storedBefore time: Timestamp?, beyond bytes: Int64?, upTo position: Int64) throws -> Int64? {
        let first = segments.remaining(storedBefore: time?.milliseconds, beyond: bytes, upTo: position)
        if let first { try change("UPDATE log_state SET first_position = ?", [first]) }
        return first
    }

    func remove(before position: Int64) { segments.remove(before: position) }

    // MARK: - Grants

    func grants() throws -> [Grant] {
        try rows("SELECT consumer, scope, spelling, since, at_ms FROM consumer_grant").map { row in
            let scope: String = try row.value("scope")
            return Grant(
                consumer: try row.value("consumer"), scope: scope.isEmpty ? .all : .station(try Self.serial(try row.value("spelling"))),
                since: try row.value("since"), at: Timestamp(milliseconds: try row.value("at_ms")))
        }
    }

    func insert(_ grant: Grant) throws {
        try change(
            "INSERT INTO consumer_grant VALUES (?, ?, ?, ?, ?)",
            [grant.consumer, Self.key(grant.scope), grant.scope.description, grant.since, grant.at.milliseconds])
    }

    func remove(_ grant: Grant) throws {
        try change(
            "DELETE FROM consumer_grant WHERE consumer = ? AND scope = ?", [grant.consumer, Self.key(grant.scope)])
    }

    /// The folded serial; empty for all stations, since a station may be called `all`.
    private static func key(_ scope: Grant.Scope) -> String {
        switch scope {
        case .all: ""
        case .station(let serial): serial.folded
        }
    }

    // MARK: - Words of the house

    static func serial(_ text: String) throws -> Serial {
        do { return try Serial(text) } catch {
            throw StoreError(.damaged, "the store holds '\(text)' where a serial should be")
        }
    }

    static func jid(_ text: String) throws -> JID {
        do { return try JID(text) } catch {
            throw StoreError(.damaged, "the store holds '\(text)' where a JID should be")
        }
    }
}
