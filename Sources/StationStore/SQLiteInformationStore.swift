// SPDX-License-Identifier: Apache-2.0
import GRDB
import Governance
import InformationServices
import StationModel
import XMPPCore

/// The tables of information services: publishers and grants. Subscriptions and contacts are in a file of their own
/// beside this one, the log of reports in `Log/`.
final class SQLiteInformationStore: InformationStore {
    let database: CurrentDatabase
    let log: any ReportLog

    init(database: CurrentDatabase, log: any ReportLog) {
        self.database = database
        self.log = log
    }

    func change(_ sql: String, _ arguments: StatementArguments) throws {
        try database.db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func number(_ sql: String) throws -> Int64 {
        guard let row = try rows(sql).first else { throw StoreError(.damaged, "the store has no information_state") }
        return row[0]
    }

    func epoch() throws -> Int64 { try number("SELECT epoch FROM information_state") }

    // MARK: - Publishers

    func publisherCount() throws -> Int { Int(clamping: try number("SELECT count(*) FROM publisher")) }

    func eachPublisher(_ body: (PublisherRecord) -> Void) throws {
        let rows = try Row.fetchCursor(database.db.cachedStatement(sql: "SELECT * FROM publisher ORDER BY number"))
        while let row = try rows.next() {
            guard let state = PublisherState(rawValue: row["state"]) else {
                throw StoreError(.damaged, "the store holds an unknown publisher state")
            }
            let lastReport: Int64? = row["last_report_ms"]
            body(
                PublisherRecord(
                    number: row["number"], serial: try Self.serial(row["spelling"]), jid: try Self.jid(row["jid"]),
                    state: state, lastSequence: row["last_sequence"], lastPosition: row["last_position"],
                    lastReport: lastReport.map { Timestamp(milliseconds: $0) }))
        }
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

    // MARK: - Grants

    func grants() throws -> [Grant] {
        try rows("SELECT consumer, scope, spelling, since, at_ms FROM consumer_grant").map { row in
            let scope: String = row["scope"]
            return Grant(
                consumer: row["consumer"], scope: scope.isEmpty ? .all : .station(try Self.serial(row["spelling"])),
                since: row["since"], at: Timestamp(milliseconds: row["at_ms"]))
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
