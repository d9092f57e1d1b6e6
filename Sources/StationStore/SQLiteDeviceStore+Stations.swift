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
            """
            INSERT INTO station (serial, spelling, model, hardware, state, owner, identity_key, identity_certificate, receipt,
                operational_key, operational_certificate, jid, firmware_version, firmware_sequence, highest_sequence,
                latitude, longitude, altitude, is_subscribed, speaks_json_only, engraved_ms, installed_ms, last_seen_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [station.serial.folded, station.serial.description] + Self.values(of: station))
    }

    func update(_ station: StationRecord) throws {
        try change(
            """
            UPDATE station SET model = ?, hardware = ?, state = ?, owner = ?, identity_key = ?,
                identity_certificate = ?, receipt = ?, operational_key = ?, operational_certificate = ?, jid = ?,
                firmware_version = ?, firmware_sequence = ?, highest_sequence = ?, latitude = ?, longitude = ?,
                altitude = ?, is_subscribed = ?, speaks_json_only = ?,
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
                serial: try Self.serial(try row.value(0)), jid: try Self.jid(try row.value(1)),
                speaksJSONOnly: try row.value(2), isSubscribed: try row.value(3),
                lastSeen: Self.time(try row.value(4)))
        }
    }

    func installedAddresses(after serial: String, limit: Int) throws -> [(serial: String, jid: JID)] {
        try rows(
            """
            SELECT serial, jid FROM station WHERE state = 'installed' AND serial > ? AND jid IS NOT NULL
            ORDER BY serial LIMIT ?
            """, [serial, limit]
        ).map { (try $0.value(0), try Self.jid(try $0.value(1))) }
    }

    func stationCounts() throws -> [StationState: Int] {
        var counts: [StationState: Int] = [:]
        for row in try rows("SELECT state, count(*) FROM station GROUP BY state") {
            if let state = StationState(rawValue: try row.value(0)) { counts[state] = try row.value(1) }
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
            station.firmwareSequence, station.highestSequence, station.position?.latitude,
            station.position?.longitude, station.position?.altitude, station.isSubscribed, station.speaksJSONOnly,
            station.engravedAt?.milliseconds, station.installedAt?.milliseconds, station.lastSeen?.milliseconds,
        ]
    }

    private static func station(_ row: Row) throws -> StationRecord {
        guard let state = StationState(rawValue: try row.value("state")) else {
            throw StoreError(.damaged, "the store holds an unknown station state")
        }
        let jid: String? = try row.value("jid")
        return StationRecord(
            serial: try serial(try row.value("spelling")), model: try row.value("model"), hardware: try row.value("hardware"), state: state,
            owner: try row.value("owner"), identityKey: bytes(try row.value("identity_key")),
            identityCertificate: bytes(try row.value("identity_certificate")), receipt: try row.value("receipt"),
            operationalKey: (try row.value("operational_key") as Data?).map(bytes),
            operationalCertificate: (try row.value("operational_certificate") as Data?).map(bytes),
            jid: try jid.map(Self.jid), firmwareVersion: try row.value("firmware_version"),
            firmwareSequence: try row.value("firmware_sequence"), highestSequence: try row.value("highest_sequence"),
            position: try position(row), isSubscribed: try row.value("is_subscribed"),
            speaksJSONOnly: try row.value("speaks_json_only"), engravedAt: time(try row.value("engraved_ms")),
            installedAt: time(try row.value("installed_ms")), lastSeen: time(try row.value("last_seen_ms")))
    }

    private static func position(_ row: Row) throws -> StationPosition? {
        let latitude: Double? = try row.value("latitude")
        let longitude: Double? = try row.value("longitude")
        guard let latitude, let longitude else { return nil }
        return StationPosition(latitude: latitude, longitude: longitude, altitude: try row.value("altitude"))
    }

    private static func time(_ milliseconds: Int64?) -> Timestamp? {
        milliseconds.map { Timestamp(milliseconds: $0) }
    }
}
