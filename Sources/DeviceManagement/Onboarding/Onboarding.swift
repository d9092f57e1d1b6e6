// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// UC007-2, installation: a station proves its engraved identity and gets its operational one.
///
/// On the onboarding host: `introduce` → challenge → `prove` with a certificate request → `online` with the LDevID.
/// On the stations host, at each login: `introduce` → `online`.
///
/// Unknown, not announced, wrongly proven and revoked are refused alike, after the same work: whoever
/// introduces itself gets a challenge, and only its answer is judged.
final class Onboarding {
    private let store: any DeviceStore
    private let configuration: DeviceConfiguration
    private let proofs: Proofs
    private let roster: StationRoster
    private let nextSequence: (Serial) -> Int64

    init(
        store: any DeviceStore, configuration: DeviceConfiguration, proofs: Proofs, roster: StationRoster,
        nextSequence: @escaping (Serial) -> Int64
    ) {
        self.store = store
        self.configuration = configuration
        self.proofs = proofs
        self.roster = roster
        self.nextSequence = nextSequence
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.set, Introduce.xmlName) { [self] in try introduce($0, $1) }
        proofs.on("introduce") { [self] in try proved($0, $1, $2, $3) }
    }

    private func introduce(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let from = stanza.from, let payload = stanza.payload else { throw StanzaError.notAllowed }
        let request = try Introduce.decode(payload)
        switch from.domain {
        case configuration.onboardingHost: try challenge(stanza, from, request, context)
        case configuration.stationsHost: try login(stanza, from, request, context)
        default: throw StanzaError.notAllowed
        }
    }

    // MARK: - On the onboarding host

    private func challenge(_ stanza: Stanza, _ from: JID, _ request: Introduce, _ context: CoreContext) throws {
        guard let der = request.certificates.first, let leaf = try? Certificate(der: der),
            let key = try? leaf.publicKey
        else { throw StanzaError(.badRequest, "a certificate chain with a P-256 key is needed at /certificates") }
        try proofs.challenge(
            stanza, from: from, purpose: "introduce", serial: request.serial, keyIdentifier: key.keyIdentifier,
            request: request.json.text, context)
    }

    /// What the pool finds out: the engraved key, and the new certificate.
    private struct Evidence: Sendable {
        let identity: Certificate
        let operational: Certificate
    }

    private func proved(_ stanza: Stanza, _ proof: Proofs.Proof?, _ prove: Prove, _ context: CoreContext) throws {
        guard let from = stanza.from, from.domain == configuration.onboardingHost else { throw StanzaError.notAllowed }
        let request = try proof.map { try Introduce.decode(text: $0.request) }
        let now = context.now.milliseconds / 1000
        let configuration = configuration
        context.perform("prove introduction", for: stanza) { () -> Evidence? in
            Self.examine(request, prove, from, now, configuration)
        } then: { [self] evidence, context in
            guard let request, let evidence,
                let station = try admitted(request.serial, evidence.identity, from)
            else {
                if let request { context.alarm(request.serial, "introduction refused", from: from) }
                throw StanzaError.notAllowed
            }
            try install(stanza, station, request, evidence, context)
        }
    }

    /// Chain, possession of the key, certificate request; issues the LDevID that may then be handed out.
    private static func examine(
        _ request: Introduce?, _ prove: Prove, _ from: JID, _ now: Int64, _ configuration: DeviceConfiguration
    ) -> Evidence? {
        guard let request, let csr = prove.csr else {
            // The same operations for a challenge that never was: the answer takes as long.
            let key = configuration.directorKey.publicKey
            _ = key.verify(signature: prove.signature, message: prove.message)
            return nil
        }
        let chain = request.certificates.compactMap { try? Certificate(der: $0) }
        guard chain.count == request.certificates.count,
            let verified = try? StationCertificateProfile.verify(
                chain: chain, trustAnchors: configuration.trustedMakers, at: now)
        else { return nil }
        let leaf = verified.certificate
        let key = verified.publicKey
        guard key.verify(signature: prove.signature, message: prove.message),
            leaf.subjectSerialNumber.flatMap({ try? Serial($0) }) == request.serial,
            verified.xmppAddress == from.bare.description,
            let signing = try? CertificateSigningRequest(der: csr), signing.publicKey != key
        else { return nil }
        let notBefore = now - 3600
        let operational = try? configuration.ownerAuthority.issue(
            publicKey: signing.publicKey, commonName: request.serial.description,
            serialNumber: request.serial.description,
            xmppAddresses: ["\(request.serial.folded)@\(configuration.stationsHost)"], uris: leaf.uris,
            notBefore: notBefore, notAfter: notBefore + Int64(configuration.operationalDays) * 86_400)
        return operational.map { Evidence(identity: leaf, operational: $0) }
    }

    /// The station's record if it may be installed now: announced, released, with the very key that was engraved.
    private func admitted(_ serial: Serial, _ identity: Certificate, _ from: JID) throws -> StationRecord? {
        let owner = try store.announcedOwner(serial)
        let known = try store.station(serial)
        guard let key = try? identity.publicKey.point, let owner else { return nil }
        guard var station = known else {
            // Engraved by another maker that this owner trusts; what our own maker engraved is in the registry.
            guard identity.issuer != configuration.makerAuthority.certificate.subject,
                try store.station(key: key) == nil
            else { return nil }
            let station = StationRecord(
                serial: serial, model: "", hardware: "", state: .released, owner: owner, identityKey: key,
                identityCertificate: identity.der)
            try store.insert(station)
            return station
        }
        guard station.identityKey == key, station.state == .released || station.state == .installed else { return nil }
        station.owner = owner
        return station
    }

    private func install(
        _ stanza: Stanza, _ known: StationRecord, _ request: Introduce, _ evidence: Evidence, _ context: CoreContext
    ) throws {
        var station = known
        guard let key = try? evidence.operational.publicKey.point else { throw StanzaError.notAllowed }
        if let other = try store.station(key: key), other.serial != station.serial { throw StanzaError.notAllowed }
        let jid = try JID(localpart: station.serial.folded, domain: configuration.stationsHost)
        station.state = .installed
        station.operationalKey = key
        station.operationalCertificate = evidence.operational.der
        station.jid = jid
        station.installedAt = context.now
        station.speaksJSONOnly = stanza.encoding == .json
        setFirmware(request, &station, context)
        try store.update(station)
        try context.audit(
            actor: stanza.from?.description ?? "", action: "installed", subject: station.serial.description,
            detail: .object([
                .init("owner", .string(station.owner ?? "")), .init("jid", .string(jid.description)),
                .init("certificate", .string(evidence.operational.fingerprint)),
            ]))
        context.journal(station.serial, .identity, "installed", detail: jid.description)
        context.emit(.installed(serial: station.serial, jid: jid, owner: station.owner ?? ""))
        let reply = try online(station, certificates: [evidence.operational.der], context)
        context.reply(to: stanza, reply)
        roster.add(
            StationRoster.Entry(
                serial: station.serial, jid: jid, speaksJSONOnly: station.speaksJSONOnly,
                isSubscribed: station.isSubscribed, lastSeen: context.now))
    }

    // MARK: - On the stations host

    private func login(_ stanza: Stanza, _ from: JID, _ request: Introduce, _ context: CoreContext) throws {
        guard var station = try store.station(request.serial), station.state == .installed,
            station.jid == from.bare, from.resource != nil
        else { throw StanzaError.notAllowed }
        setFirmware(request, &station, context)
        station.speaksJSONOnly = stanza.encoding == .json
        station.lastSeen = context.now
        try store.update(station)
        let reply = try online(station, certificates: [], context)
        context.reply(to: stanza, reply)
        if !station.isSubscribed {
            context.send(.presence(type: "subscribe", from: configuration.domain, to: from.bare))
        }
        context.journal(station.serial, .presence, "introduced itself", detail: from.description)
        context.emit(.online(serial: station.serial, jid: from))
        context.emit(.ready(serial: station.serial))
        roster.change(from) {
            $0.presence = .online
            $0.resource = from.resource
            $0.speaksJSONOnly = station.speaksJSONOnly
            $0.lastSeen = context.now
        }
    }

    private func setFirmware(_ request: Introduce, _ station: inout StationRecord, _ context: CoreContext) {
        if request.firmware.sequence < station.firmwareSequence {
            let text = "firmware went back from \(station.firmwareSequence) to \(request.firmware.sequence)"
            context.alarm(station.serial, text, from: configuration.domain)
        }
        station.firmwareVersion = request.firmware.version
        station.firmwareSequence = request.firmware.sequence
    }

    private func online(_ station: StationRecord, certificates: [[UInt8]], _ context: CoreContext) throws -> Element {
        guard let jid = station.jid else { throw StanzaError.notAllowed }
        let chain = certificates.isEmpty ? [] : certificates + [configuration.ownerAuthority.certificate.der]
        return Online(
            serial: station.serial, jid: jid, certificates: chain, interval: Double(configuration.reportInterval),
            nextSeq: nextSequence(station.serial), service: configuration.domain, time: context.now.seconds,
            releaseKeys: try store.releaseKeys(), directorKey: configuration.directorKey.publicKey.point
        ).element
    }
}
