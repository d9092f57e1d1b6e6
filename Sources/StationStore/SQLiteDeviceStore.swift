// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import GRDB
import StationCore
import StationModel
import XMPPCore

/// Device management's tables: batches, announcements, challenges, release keys.
/// Stations and jobs are in files of their own beside this one.
final class SQLiteDeviceStore: DeviceStore {
    let database: CurrentDatabase

    init(database: CurrentDatabase) { self.database = database }

    /// Runs a statement that changes rows; returns how many.
    @discardableResult
    func change(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        let db = try database.db
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.db.cachedStatement(sql: sql), arguments: arguments)
    }

    // MARK: - Batches

    func openBatch(name: String, model: String, serials: [Serial], opened: Timestamp, closes: Timestamp) throws {
        try change(
            "INSERT INTO batch (name, model, opened_ms, closes_ms) VALUES (?, ?, ?, ?)",
            [name, model, opened.milliseconds, closes.milliseconds])
        try extendBatch(name, serials: serials)
    }

    func extendBatch(_ name: String, serials: [Serial]) throws {
        for serial in serials {
            let added = try change(
                "INSERT INTO batch_serial (serial, batch) SELECT ?, id FROM batch WHERE name = ? ON CONFLICT DO NOTHING",
                [serial.folded, name])
            if added == 0, try batch(containing: serial)?.name != name {
                throw CommandError("conflict", "serial \(serial) is in another batch")
            }
        }
    }

    private static let batchColumns = "SELECT b.name, b.model, b.opened_ms, b.closes_ms FROM batch b"

    func batch(_ name: String) throws -> BatchRecord? {
        try rows(Self.batchColumns + " WHERE b.name = ?", [name]).first.map(Self.batch)
    }

    func batch(containing serial: Serial) throws -> BatchRecord? {
        try rows(
            Self.batchColumns + " JOIN batch_serial m ON m.batch = b.id WHERE m.serial = ?", [serial.folded]
        ).first.map(Self.batch)
    }

    func batches() throws -> [(batch: BatchRecord, serials: Int, engraved: Int)] {
        try rows(
            """
            SELECT b.name, b.model, b.opened_ms, b.closes_ms,
                (SELECT count(*) FROM batch_serial s WHERE s.batch = b.id),
                (SELECT count(*) FROM batch_serial s JOIN station t ON t.serial = s.serial WHERE s.batch = b.id)
            FROM batch b ORDER BY b.id
            """
        ).map { (batch: try Self.batch($0), serials: try $0.value(4), engraved: try $0.value(5)) }
    }

    func closeBatch(_ name: String, at: Timestamp) throws -> Bool {
        try change(
            "UPDATE batch SET closes_ms = min(closes_ms, ?) WHERE name = ?", [at.milliseconds, name]) > 0
    }

    private static func batch(_ row: Row) throws -> BatchRecord {
        BatchRecord(
            name: try row.value(0), model: try row.value(1), opened: Timestamp(milliseconds: try row.value(2)),
            closes: Timestamp(milliseconds: try row.value(3)))
    }

    // MARK: - Announcements

    func announce(_ serial: Serial, owner: String, at: Timestamp) throws {
        try change(
            """
            INSERT INTO announcement (serial, spelling, owner, at_ms) VALUES (?, ?, ?, ?)
            ON CONFLICT (serial) DO UPDATE SET owner = excluded.owner, at_ms = excluded.at_ms
            """,
            [serial.folded, serial.description, owner, at.milliseconds])
    }

    func announcedOwner(_ serial: Serial) throws -> String? {
        try rows("SELECT owner FROM announcement WHERE serial = ?", [serial.folded]).first.map { try $0.value(0) }
    }

    func announced(after serial: Serial?, limit: Int) throws -> [(serial: Serial, owner: String)] {
        try rows(
            """
            SELECT spelling, owner FROM announcement a WHERE serial > ? AND NOT EXISTS
                (SELECT 1 FROM station s WHERE s.serial = a.serial)
            ORDER BY serial LIMIT ?
            """,
            [serial?.folded ?? "", limit]
        ).map { (serial: try Self.serial(try $0.value(0)), owner: try $0.value(1)) }
    }

    static func serial(_ text: String) throws -> Serial {
        do { return try Serial(text) } catch {
            throw StoreError(.damaged, "the store holds '\(text)' where a serial should be")
        }
    }

    // MARK: - Challenges

    func addChallenge(_ challenge: ChallengeRecord) throws {
        let jid = challenge.jid.description
        try change("DELETE FROM challenge WHERE jid = ? AND serial = ?", [jid, challenge.serial.folded])
        try change(
            """
            DELETE FROM challenge WHERE nonce IN
                (SELECT nonce FROM challenge WHERE jid = ? ORDER BY expires_ms DESC LIMIT -1 OFFSET ?)
            """,
            [jid, ChallengeRecord.mostForOneJID - 1])
        // Rows are numbered upwards, so this is a look at the end and at the beginning of the table.
        try change(
            "DELETE FROM challenge WHERE rowid <= (SELECT max(rowid) FROM challenge) - ?", [ChallengeRecord.most - 1])
        try change(
            "INSERT INTO challenge (nonce, jid, serial, message, request, expires_ms) VALUES (?, ?, ?, ?, ?, ?)",
            [
                Bytes(challenge.nonce), jid, challenge.serial.folded, Bytes(challenge.message), challenge.request,
                challenge.expires.milliseconds,
            ])
    }

    func takeChallenge(nonce: [UInt8]) throws -> ChallengeRecord? {
        let found = try rows(
            "SELECT message, jid, request, expires_ms, serial FROM challenge WHERE nonce = ?", [Bytes(nonce)]
        ).first
        guard let found else { return nil }
        try change("DELETE FROM challenge WHERE nonce = ?", [Bytes(nonce)])
        return ChallengeRecord(
            nonce: nonce, message: bytes(try found.value(0)), jid: try Self.jid(try found.value(1)), serial: try Self.serial(try found.value(4)),
            request: try found.value(2),
            expires: Timestamp(milliseconds: try found.value(3)))
    }

    func removeChallenges(expiredAt now: Timestamp) throws {
        try change("DELETE FROM challenge WHERE expires_ms <= ?", [now.milliseconds])
    }

    static func jid(_ text: String) throws -> JID {
        do { return try JID(text) } catch {
            throw StoreError(.damaged, "the store holds '\(text)' where a JID should be")
        }
    }

    // MARK: - Release keys

    func trustReleaseKey(_ point: [UInt8], at: Timestamp) throws {
        try change(
            "INSERT INTO release_key (point, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [Bytes(point), at.milliseconds])
    }

    func releaseKeys() throws -> [[UInt8]] {
        try rows("SELECT point FROM release_key ORDER BY at_ms, point").map { bytes(try $0.value(0)) }
    }
}
