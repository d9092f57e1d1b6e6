// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationPKI
import XMPPCore

/// Takes a station out of service, at once and everywhere: the registry refuses it, its certificates stand on the lists, the
/// server ends its session, and its presence is no longer asked for.
final class Revocation {
    private let store: any DeviceStore
    private let roster: StationRoster
    private let configuration: DeviceConfiguration
    private let lists: RevocationLists
    private let sessions: SessionEnds

    init(
        store: any DeviceStore, roster: StationRoster, configuration: DeviceConfiguration, lists: RevocationLists,
        sessions: SessionEnds
    ) {
        self.store = store
        self.roster = roster
        self.configuration = configuration
        self.lists = lists
        self.sessions = sessions
    }

    func register(on core: inout CoreRegistry) {
        // First, so that the lists are known to be out of date when sessions are asked for.
        lists.register(on: &core)
        sessions.register(on: &core)
        core.command("station.revoke") { [self] in try revoke($0, $1) }
        core.command("revocation.status") { [self] _, _ in
            .object([
                .init("lists", try lists.describe()), .init("sessionsToEnd", .integer(Int64(try sessions.waiting()))),
            ])
        }
    }

    private func revoke(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let serial = try Command.serial(arguments.require("serial"))
        guard var station = try store.station(serial) else {
            throw CommandError("not-found", "there is no station \(serial)")
        }
        guard station.state != .revoked else { throw CommandError("conflict", "station \(serial) is revoked already") }
        station.state = .revoked
        try store.update(station)
        for certificate in CertificateRecord.current(of: station) { try store.keep(certificate) }
        try store.revokeCertificates(of: station.serial, at: context.now)
        try context.audit(actor: "console", action: "revoked", subject: serial.description, detail: .object([JSON.Member]()))
        context.journal(serial, .governance, "revoked")
        context.emit(.revoked(serial: serial))
        try lists.changed(context)
        try sessions.end(of: station.serial, context)
        if let jid = station.jid {
            context.send(.presence(type: "unsubscribe", from: configuration.domain, to: jid))
            roster.remove(jid, context)
        }
        return .object([.init("serial", .string(serial.description)), .init("state", .string("revoked"))])
    }
}

extension CertificateRecord {
    /// What stands in the station's row and was signed here. The certificate of another maker is for that one to revoke.
    static func current(of station: StationRecord) -> [CertificateRecord] {
        let identity = station.receipt == nil ? nil : record(.maker, station.identityCertificate, station.serial)
        return [identity, operational(of: station)].compactMap { $0 }
    }

    /// The LDevID in the station's row.
    static func operational(of station: StationRecord) -> CertificateRecord? {
        station.operationalCertificate.flatMap { record(.owner, $0, station.serial) }
    }

    private static func record(_ role: AuthorityRole, _ der: [UInt8], _ serial: Serial) -> CertificateRecord? {
        guard let certificate = try? Certificate(der: der), !certificate.serialNumber.hasPrefix("-") else { return nil }
        return CertificateRecord(
            authority: role, number: certificate.serialNumber, serial: serial,
            notAfter: Timestamp(milliseconds: certificate.notAfter.multipliedReportingOverflow(by: 1000).partialValue))
    }
}
