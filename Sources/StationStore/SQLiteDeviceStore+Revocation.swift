// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import GRDB
import StationModel
import XMPPCore

extension SQLiteDeviceStore {
    func keep(_ certificate: CertificateRecord) throws {
        try change(
            "INSERT INTO certificate (authority, number, serial, not_after_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                certificate.authority.rawValue, certificate.number, certificate.serial.folded,
                certificate.notAfter.milliseconds,
            ])
    }

    func revokeCertificates(of serial: Serial, at: Timestamp) throws {
        try change(
            "UPDATE certificate SET revoked_ms = ? WHERE serial = ? AND revoked_ms IS NULL", [at.milliseconds, serial.folded])
    }

    func revokedCertificates(of authority: AuthorityRole, validAt: Timestamp) throws -> [(number: String, at: Timestamp)] {
        try rows(
            """
            SELECT number, revoked_ms FROM certificate WHERE authority = ? AND revoked_ms IS NOT NULL AND not_after_ms > ?
            ORDER BY number
            """, [authority.rawValue, validAt.milliseconds]
        ).map { (number: try $0.value(0), at: Timestamp(milliseconds: try $0.value(1))) }
    }

    func revocationList(of authority: AuthorityRole) throws -> RevocationListRecord? {
        try rows(
            "SELECT number, next_update_ms, is_published FROM revocation_list WHERE authority = ?", [authority.rawValue]
        ).first.map {
            RevocationListRecord(
                authority: authority, number: try $0.value(0), nextUpdate: Timestamp(milliseconds: try $0.value(1)),
                isPublished: try $0.value(2))
        }
    }

    func put(_ list: RevocationListRecord) throws {
        try change(
            """
            INSERT INTO revocation_list (authority, number, next_update_ms, is_published) VALUES (?, ?, ?, ?)
            ON CONFLICT (authority) DO UPDATE SET number = excluded.number, next_update_ms = excluded.next_update_ms,
                is_published = excluded.is_published
            """,
            [list.authority.rawValue, list.number, list.nextUpdate.milliseconds, list.isPublished])
    }

    func put(_ end: SessionEndRecord) throws {
        try change(
            """
            INSERT INTO session_end (jid, serial, spelling, at_ms, has_ended) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (jid) DO UPDATE SET at_ms = excluded.at_ms, has_ended = excluded.has_ended
            """,
            [end.jid.description, end.serial.folded, end.serial.description, end.since.milliseconds, end.hasEnded])
    }

    func sessionEnd(of jid: JID) throws -> SessionEndRecord? {
        try rows("SELECT jid, spelling, at_ms, has_ended FROM session_end WHERE jid = ?", [jid.bare.description])
            .first.map(Self.sessionEnd)
    }

    func sessionEnds(limit: Int) throws -> [SessionEndRecord] {
        try rows("SELECT jid, spelling, at_ms, has_ended FROM session_end ORDER BY at_ms, jid LIMIT ?", [limit])
            .map(Self.sessionEnd)
    }

    func removeSessionEnd(of jid: JID) throws {
        try change("DELETE FROM session_end WHERE jid = ?", [jid.bare.description])
    }

    private static func sessionEnd(_ row: Row) throws -> SessionEndRecord {
        SessionEndRecord(
            jid: try jid(try row.value(0)), serial: try serial(try row.value(1)),
            since: Timestamp(milliseconds: try row.value(2)), hasEnded: try row.value(3))
    }
}
