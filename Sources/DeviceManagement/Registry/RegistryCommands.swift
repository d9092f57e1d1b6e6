// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMPPCore

/// What the operator asks of the registry over the Unix socket: batches, announcements, stations, the log.
final class RegistryCommands {
    private let store: any DeviceStore
    private let roster: StationRoster
    private let configuration: DeviceConfiguration

    init(store: any DeviceStore, roster: StationRoster, configuration: DeviceConfiguration) {
        self.store = store
        self.roster = roster
        self.configuration = configuration
    }

    func register(on core: inout CoreRegistry) {
        core.command("batch.open") { [self] in try openBatch($0, $1) }
        core.command("batch.list") { [self] in try listBatches($0, $1) }
        core.command("batch.close") { [self] in try closeBatch($0, $1) }
        core.command("station.announce") { [self] in try announce($0, $1) }
        core.command("station.list") { [self] in try list($0, $1) }
        core.command("station.show") { [self] in try show($0, $1) }
        core.command("station.revoke") { [self] in try revoke($0, $1) }
    }

    // MARK: - Batches

    private func openBatch(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let name = try arguments.require("name").requireString()
        let model = try arguments.require("model").requireString()
        let hours = try arguments.require("hours").requireDouble()
        guard hours > 0, hours <= 8760 else { throw CommandError("bad-request", "hours must be above 0 and at most 8760") }
        guard !name.isEmpty, name.unicodeScalars.count <= 100 else {
            throw CommandError("bad-request", "a batch name has 1 to 100 characters")
        }
        let serials = try Command.serials(arguments.require("serials"))
        let closes = context.now.adding(milliseconds: Int64(hours * 3_600_000))
        try store.openBatch(name: name, model: model, serials: serials, opened: context.now, closes: closes)
        try context.audit(
            actor: "console", action: "batch opened", subject: name,
            detail: .object([
                .init("model", .string(model)), .init("serials", .integer(Int64(serials.count))),
                .init("closes", .number(closes.seconds)),
            ]))
        return .object([
            .init("batch", .string(name)), .init("serials", .integer(Int64(serials.count))),
            .init("closes", .number(closes.seconds)),
        ])
    }

    private func listBatches(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let rows = try store.batches().map { batch -> JSON in
            .object([
                .init("batch", .string(batch.name)), .init("model", .string(batch.model)),
                .init("opened", .number(batch.opened.seconds)), .init("closes", .number(batch.closes.seconds)),
                .init("open", .boolean(batch.closes > context.now)),
                .init("serials", .integer(Int64(batch.serials))), .init("engraved", .integer(Int64(batch.engraved))),
            ])
        }
        return .object([.init("batches", .array(rows))])
    }

    private func closeBatch(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let name = try arguments.require("name").requireString()
        guard try store.closeBatch(name, at: context.now) else {
            throw CommandError("not-found", "there is no batch '\(name)'")
        }
        try context.audit(actor: "console", action: "batch closed", subject: name, detail: .object([JSON.Member]()))
        return .object([.init("batch", .string(name))])
    }

    // MARK: - Stations

    private func announce(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let owner = arguments["owner"]?.string ?? configuration.owner
        guard !owner.isEmpty, owner.unicodeScalars.count <= 100 else {
            throw CommandError("bad-request", "an owner's name has 1 to 100 characters")
        }
        let serials = try Command.serials(arguments.require("serials"))
        for serial in serials {
            if let station = try store.station(serial), station.state == .installed, let current = station.owner,
                current != owner
            {
                throw CommandError("conflict", "station \(serial) belongs to \(current)")
            }
            try store.announce(serial, owner: owner, at: context.now)
            try context.audit(
                actor: "console", action: "announced", subject: serial.description,
                detail: .object([.init("owner", .string(owner))]))
            context.journal(serial, .governance, "announced by \(owner)")
        }
        return .object([.init("announced", .integer(Int64(serials.count))), .init("owner", .string(owner))])
    }

    private func list(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let limit = Command.limit(arguments, 1000, most: 10_000)
        let after = try arguments["after"].map { try Command.serial($0) }
        var state: StationState?
        if let text = arguments["state"]?.string {
            guard let known = StationState(rawValue: text) else {
                throw CommandError("bad-request", "there is no state '\(text)'")
            }
            state = known
        }
        let stations = try store.stations(after: after, state: state, limit: limit)
        var rows = try stations.map(summary)
        if state == nil && rows.count < limit {
            let known = Set(stations.map(\.serial))
            for row in try store.announced(after: after, limit: limit - rows.count) where !known.contains(row.serial) {
                guard try store.station(row.serial) == nil else { continue }
                rows.append(
                    .object([
                        .init("serial", .string(row.serial.description)), .init("state", .string("announced")),
                        .init("owner", .string(row.owner)), .init("online", .boolean(false)),
                    ]))
            }
        }
        var members: [JSON.Member] = [.init("stations", .array(rows))]
        if stations.count == limit, let last = stations.last {
            members.append(.init("next", .string(last.serial.description)))
        }
        return .object(members)
    }

    private func summary(_ station: StationRecord) throws -> JSON {
        let entry = try roster.entry(of: station.serial)
        var members: [JSON.Member] = [
            .init("serial", .string(station.serial.description)), .init("state", .string(station.state.rawValue)),
            .init("model", .string(station.model)), .init("hardware", .string(station.hardware)),
            .init("online", .boolean(entry?.presence == .online)),
            .init("presence", .string(entry?.presence.rawValue ?? "unknown")),
            .init("firmware", .string(station.firmwareVersion)),
            .init("firmwareSequence", .integer(station.firmwareSequence)),
        ]
        if let owner = station.owner { members.append(.init("owner", .string(owner))) }
        if let jid = station.jid { members.append(.init("jid", .string(jid.description))) }
        if let seen = entry?.lastSeen ?? station.lastSeen { members.append(.init("lastSeen", .number(seen.seconds))) }
        return .object(members)
    }

    private func show(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let serial = try Command.serial(arguments.require("serial"))
        guard let station = try store.station(serial) else {
            guard let owner = try store.announcedOwner(serial) else {
                throw CommandError("not-found", "there is no station \(serial)")
            }
            return .object([
                .init("serial", .string(serial.description)), .init("state", .string("announced")),
                .init("owner", .string(owner)), .init("online", .boolean(false)),
            ])
        }
        guard case .object(var members) = try summary(station) else { return .null }
        func certificate(_ name: String, _ der: [UInt8]?) {
            guard let der, let certificate = try? Certificate(der: der) else { return }
            members.append(
                .init(
                    name,
                    .object([
                        .init("fingerprint", .string(certificate.fingerprint)),
                        .init("notAfter", .integer(certificate.notAfter)),
                        .init("serialNumber", .string(certificate.serialNumber)),
                    ])))
        }
        certificate("identityCertificate", station.identityCertificate)
        certificate("operationalCertificate", station.operationalCertificate)
        if let at = station.engravedAt { members.append(.init("engraved", .number(at.seconds))) }
        if let at = station.installedAt { members.append(.init("installed", .number(at.seconds))) }
        return .object(members)
    }

    private func revoke(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let serial = try Command.serial(arguments.require("serial"))
        guard var station = try store.station(serial) else {
            throw CommandError("not-found", "there is no station \(serial)")
        }
        guard station.state != .revoked else { throw CommandError("conflict", "station \(serial) is revoked already") }
        station.state = .revoked
        try store.update(station)
        try context.audit(actor: "console", action: "revoked", subject: serial.description, detail: .object([JSON.Member]()))
        context.journal(serial, .governance, "revoked")
        context.emit(.revoked(serial: serial))
        if let jid = station.jid {
            context.send(.presence(type: "unsubscribe", from: configuration.domain, to: jid))
            roster.remove(jid)
        }
        return .object([.init("serial", .string(serial.description)), .init("state", .string("revoked"))])
    }
}
