// SPDX-License-Identifier: Apache-2.0
import GRDB
import StationCore
import StationModel

// Timers, timeline and log: what the core keeps for itself.
extension StationStore {
    public func setTimer(_ timer: TimerRow) throws {
        try database.db.cachedStatement(
            sql: """
                INSERT INTO timer (name, key, due_ms) VALUES (?, ?, ?)
                ON CONFLICT (name, key) DO UPDATE SET due_ms = excluded.due_ms
                """
        ).execute(arguments: [timer.name, timer.key, timer.due.milliseconds])
    }

    public func clearTimer(name: String, key: String) throws {
        try database.db.cachedStatement(sql: "DELETE FROM timer WHERE name = ? AND key = ?")
            .execute(arguments: [name, key])
    }

    public func dueTimers(at now: Timestamp, limit: Int) throws -> [TimerRow] {
        let statement = try database.db.cachedStatement(
            sql: "SELECT name, key, due_ms FROM timer WHERE due_ms <= ? ORDER BY due_ms LIMIT ?")
        return try Row.fetchAll(statement, arguments: [now.milliseconds, limit]).map {
            TimerRow(name: try $0.value(0), key: try $0.value(1), due: Timestamp(milliseconds: try $0.value(2)))
        }
    }

    public func nextTimer() throws -> Timestamp? {
        let statement = try database.db.cachedStatement(sql: "SELECT due_ms FROM timer ORDER BY due_ms LIMIT 1")
        return try Int64.fetchOne(statement).map { Timestamp(milliseconds: $0) }
    }

    public func appendJournal(_ entry: JournalEntry) throws {
        try database.db.cachedStatement(
            sql: "INSERT INTO journal (serial, at_ms, category, text, detail) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [
            entry.serial.folded, entry.at.milliseconds, entry.category.rawValue, entry.text, entry.detail,
        ])
    }

    public func journal(of serial: Serial, limit: Int) throws -> [JournalEntry] {
        let statement = try database.db.cachedStatement(
            sql: "SELECT at_ms, category, text, detail FROM journal WHERE serial = ? ORDER BY id DESC LIMIT ?")
        return try Row.fetchAll(statement, arguments: [serial.folded, limit]).reversed().compactMap { row in
            guard let category = JournalCategory(rawValue: try row.value(1)) else { return nil }
            return JournalEntry(
                at: Timestamp(milliseconds: try row.value(0)), serial: serial, category: category, text: try row.value(2), detail: try row.value(3))
        }
    }

    public func lastAudit() throws -> AuditEntry? {
        try audits(sql: "SELECT * FROM audit ORDER BY sequence DESC LIMIT 1", []).first
    }

    public func appendAudit(_ entry: AuditEntry) throws {
        try database.db.cachedStatement(sql: "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)").execute(arguments: [
            entry.sequence, entry.at.milliseconds, entry.actor, entry.action, entry.subject, entry.detail,
            entry.previousHash, entry.hash,
        ])
    }

    public func audit(after sequence: Int64, limit: Int) throws -> [AuditEntry] {
        try audits(sql: "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?", [sequence, limit])
    }

    private func audits(sql: String, _ arguments: StatementArguments) throws -> [AuditEntry] {
        try Row.fetchAll(database.db.cachedStatement(sql: sql), arguments: arguments).map(Self.audit)
    }

    static func audit(_ row: Row) throws -> AuditEntry {
        AuditEntry(
            sequence: try row.value("sequence"), at: Timestamp(milliseconds: try row.value("at_ms")),
            actor: try row.value("actor"), action: try row.value("action"), subject: try row.value("subject"),
            detail: try row.value("detail"), previousHash: try row.value("previous_hash"), hash: try row.value("hash"))
    }
}
