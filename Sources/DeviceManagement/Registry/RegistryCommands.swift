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
        core.command("batch.extend") { [self] in try extendBatch($0, $1) }
        core.command("batch.list") { [self] in try listBatches($0, $1) }
        core.command("batch.close") { [self] in try closeBatch($0, $1) }
        core.command("station.announce") { [self] in try announce($0, $1) }
        core.command("station.list") { [self] in try list($0, $1) }
        core.command("station.show") { [self] in try show($0, $1) }
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
        if let batch = try store.batch(name) { return try openedAlready(batch, model, serials, context) }
        let closes = context.now.adding(milliseconds: Int64(hours * 3_600_000))
        try store.openBatch(name: name, model: model, serials: serials, opened: context.now, closes: closes)
        try context.audit(
            actor: "console", action: "batch opened", subject: name,
            detail: .object([
                .init("model", .string(model)), .init("serials", .integer(Int64(serials.count))),
                .init("closes", .number(closes.seconds)),
            ]))
        return Self.answer(name, serials, closes)
    }

    /// The same command once more, after one that was interrupted between its pages.
    private func openedAlready(
        _ batch: BatchRecord, _ model: String, _ serials: [Serial], _ context: CoreContext
    ) throws -> JSON {
        guard batch.model == model, batch.closes > context.now,
            try serials.allSatisfy({ try store.batch(containing: $0)?.name == batch.name })
        else { throw CommandError("conflict", "there is a batch '\(batch.name)' already") }
        return Self.answer(batch.name, serials, batch.closes)
    }

    /// Further serials of a batch that is open, a page at a time. A serial that it has already changes nothing, so that the
    /// same command can be given again.
    private func extendBatch(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let name = try arguments.require("name").requireString()
        let serials = try Command.serials(arguments.require("serials"))
        guard let batch = try store.batch(name) else { throw CommandError("not-found", "there is no batch '\(name)'") }
        guard batch.closes > context.now else { throw CommandError("conflict", "batch '\(name)' is closed") }
        try store.extendBatch(name, serials: serials)
        try context.audit(
            actor: "console", action: "batch extended", subject: name,
            detail: .object([.init("serials", .integer(Int64(serials.count)))]))
        return Self.answer(name, serials, batch.closes)
    }

    private static func answer(_ batch: String, _ serials: [Serial], _ closes: Timestamp) -> JSON {
        .object([
            .init("batch", .string(batch)), .init("serials", .integer(Int64(serials.count))),
            .init("closes", .number(closes.seconds)),
        ])
    }

    private func listBatches(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let rows = try store.batches().map { batch, serials, engraved -> JSON in
            .object([
                .init("batch", .string(batch.name)), .init("model", .string(batch.model)),
                .init("opened", .number(batch.opened.seconds)), .init("closes", .number(batch.closes.seconds)),
                .init("open", .boolean(batch.closes > context.now)),
                .init("serials", .integer(Int64(serials))), .init("engraved", .integer(Int64(engraved))),
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
        let state = try arguments["state"]?.string.map { text -> StationState in
            guard let state = StationState(rawValue: text) else {
                throw CommandError("bad-request", "there is no state '\(text)'")
            }
            return state
        }
        // Both in order, and no serial in both: the first rows of the two together are among the first of each.
        var rows: [(serial: Serial, row: JSON)] = []
        if state != .announced {
            rows = try store.stations(after: after, state: state, limit: limit).map { ($0.serial, try summary($0)) }
        }
        if state == nil || state == .announced {
            rows += try store.announced(after: after, limit: limit).map { ($0.serial, Self.announced($0.serial, $0.owner)) }
            rows.sort { $0.serial.folded < $1.serial.folded }
        }
        rows.removeLast(max(0, rows.count - limit))
        var members: [JSON.Member] = [.init("stations", .array(rows.map(\.row)))]
        if rows.count == limit, let last = rows.last { members.append(.init("next", .string(last.serial.description))) }
        return .object(members)
    }

    /// A serial that is announced and no more.
    private static func announced(_ serial: Serial, _ owner: String) -> JSON {
        .object([
            .init("serial", .string(serial.description)), .init("state", .string(StationState.announced.rawValue)),
            .init("owner", .string(owner)), .init("online", .boolean(false)),
        ])
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
            return Self.announced(serial, owner)
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
        if let place = station.position {
            members.append(
                .init(
                    "position",
                    .object(
                        [.init("lat", .number(place.latitude)), .init("lon", .number(place.longitude))]
                            + (place.altitude.map { [JSON.Member("alt", .number($0))] } ?? []))))
        }
        if let at = station.engravedAt { members.append(.init("engraved", .number(at.seconds))) }
        if let at = station.installedAt { members.append(.init("installed", .number(at.seconds))) }
        return .object(members)
    }
}
