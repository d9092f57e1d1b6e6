// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import GRDB
import StationModel
import XMPPCore

extension SQLiteDeviceStore {
    func station(_ serial: Serial) throws -> StationRecord? {
        try rows("SELECT * FROM station WHERE serial = ?", [serial.folded]).first.map(Self.station)
    }

    func station(key: [UInt8]) throws -> StationRecord? {
        try rows(
            "SELECT * FROM station WHERE identity_key = ?1 UNION SELECT * FROM station WHERE operational_key = ?1",
            [Bytes(key)]
        ).first.map(Self.station)
    }

    func insert(_ station: StationRecord) throws {
        try change(
            "INSERT INTO station VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [station.serial.folded, station.serial.description] + Self.values(of: station))
    }

    func update(_ station: StationRecord) throws {
        try change(
            """
            UPDATE station SET model = ?, hardware = ?, state = ?, owner = ?, identity_key = ?,
                identity_certificate = ?, receipt = ?, operational_key = ?, operational_certificate = ?, jid = ?,
                firmware_version = ?, firmware_sequence = ?, is_subscribed = ?, speaks_json_only = ?,
                engraved_ms = ?, installed_ms = ?, last_seen_ms = ?
            WHERE serial = ?
            """,
            Self.values(of: station) + [station.serial.folded])
    }

    func stations(after serial: Serial?, state: StationState?, limit: Int) throws -> [StationRecord] {
        let after = serial?.folded ?? ""
        if let state {
            return try rows(
                "SELECT * FROM station WHERE state = ? AND serial > ? ORDER BY serial LIMIT ?",
                [state.rawValue, after, limit]
            ).map(Self.station)
        }
        return try rows("SELECT * FROM station WHERE serial > ? ORDER BY serial LIMIT ?", [after, limit])
            .map(Self.station)
    }

    func installed(_ serial: Serial) throws -> InstalledStation? { try installed("serial", serial.folded) }

    func installed(at jid: JID) throws -> InstalledStation? { try installed("jid", jid.description) }

    private func installed(_ column: String, _ value: String) throws -> InstalledStation? {
        try rows(
            """
            SELECT spelling, jid, speaks_json_only, is_subscribed, last_seen_ms FROM station
            WHERE \(column) = ? AND state = 'installed' AND jid IS NOT NULL
            """, [value]
        ).first.map { row in
            InstalledStation(
                serial: try Self.serial(row[0]), jid: try Self.jid(row[1]), speaksJSONOnly: row[2], isSubscribed: row[3],
                lastSeen: Self.time(row[4]))
        }
    }

    func installedAddresses(after serial: String, limit: Int) throws -> [(serial: String, jid: JID)] {
        try rows(
            """
            SELECT serial, jid FROM station WHERE state = 'installed' AND serial > ? AND jid IS NOT NULL
            ORDER BY serial LIMIT ?
            """, [serial, limit]
        ).map { ($0[0], try Self.jid($0[1])) }
    }

    func stationCounts() throws -> [StationState: Int] {
        var counts: [StationState: Int] = [:]
        for row in try rows("SELECT state, count(*) FROM station GROUP BY state") {
            if let state = StationState(rawValue: row[0]) { counts[state] = row[1] }
        }
        return counts
    }

    func setLastSeen(_ serials: [(Serial, Timestamp)]) throws {
        for (serial, at) in serials {
            try change("UPDATE station SET last_seen_ms = ? WHERE serial = ?", [at.milliseconds, serial.folded])
        }
    }

    /// In the order of the columns, without the serial and its spelling.
    private static func values(of station: StationRecord) -> StatementArguments {
        [
            station.model, station.hardware, station.state.rawValue, station.owner, Bytes(station.identityKey),
            Bytes(station.identityCertificate), station.receipt, Bytes(station.operationalKey),
            Bytes(station.operationalCertificate), station.jid?.description, station.firmwareVersion,
            station.firmwareSequence, station.isSubscribed, station.speaksJSONOnly,
            station.engravedAt?.milliseconds, station.installedAt?.milliseconds, station.lastSeen?.milliseconds,
        ]
    }

    private static func station(_ row: Row) throws -> StationRecord {
        guard let state = StationState(rawValue: row["state"]) else {
            throw StoreError(.damaged, "the store holds an unknown station state")
        }
        let jid: String? = row["jid"]
        return StationRecord(
            serial: try serial(row["spelling"]), model: row["model"], hardware: row["hardware"], state: state,
            owner: row["owner"], identityKey: bytes(row["identity_key"]),
            identityCertificate: bytes(row["identity_certificate"]), receipt: row["receipt"],
            operationalKey: (row["operational_key"] as Data?).map(bytes),
            operationalCertificate: (row["operational_certificate"] as Data?).map(bytes),
            jid: try jid.map(Self.jid), firmwareVersion: row["firmware_version"],
            firmwareSequence: row["firmware_sequence"], isSubscribed: row["is_subscribed"],
            speaksJSONOnly: row["speaks_json_only"], engravedAt: time(row["engraved_ms"]),
            installedAt: time(row["installed_ms"]), lastSeen: time(row["last_seen_ms"]))
    }

    private static func time(_ milliseconds: Int64?) -> Timestamp? {
        milliseconds.map { Timestamp(milliseconds: $0) }
    }
}
