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
    private let sessions: SessionEnds
    private let clones: CloneWatch
    private let check: IntroductionCheck
    private let nextSequence: (Serial) -> Int64

    init(
        store: any DeviceStore, configuration: DeviceConfiguration, proofs: Proofs, roster: StationRoster,
        sessions: SessionEnds, clones: CloneWatch, nextSequence: @escaping (Serial) -> Int64
    ) {
        self.store = store
        self.configuration = configuration
        self.proofs = proofs
        self.roster = roster
        self.sessions = sessions
        self.clones = clones
        self.nextSequence = nextSequence
        check = IntroductionCheck(
            authority: configuration.makerAuthority, trustAnchors: configuration.trustedMakers)
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

    private func proved(_ stanza: Stanza, _ proof: Proofs.Proof?, _ prove: Prove, _ context: CoreContext) throws {
        guard let from = stanza.from, from.domain == configuration.onboardingHost else { throw StanzaError.notAllowed }
        let request = try proof.map { try Introduce.decode(text: $0.request) }
        let now = context.now.milliseconds / 1000
        let check = check
        context.perform("check introduction", for: stanza) {
            check.evidence(request, prove, from: from, at: now)
        } then: { [self] evidence, context in
            guard let request, let evidence, let station = try admitted(request.serial, evidence) else {
                if let request { context.alarm(request.serial, "introduction refused", from: from) }
                throw StanzaError.notAllowed
            }
            issue(stanza, station, request, evidence, context)
        }
    }

    /// The station's record if it may be installed now: announced, released, with the very key that was engraved.
    private func admitted(_ serial: Serial, _ evidence: IntroductionCheck.Evidence) throws -> StationRecord? {
        let owner = try store.announcedOwner(serial)
        let known = try store.station(serial)
        let batch = try store.batch(containing: serial)
        guard let key = try? evidence.identity.publicKey.point, let owner else { return nil }
        guard var station = known else {
            // Engraved by another maker that this owner trusts; what our own maker engraved is in the registry, and what
            // stands in a batch is for our own maker to engrave.
            guard evidence.trustAnchor != configuration.makerAuthority.certificate, batch == nil,
                try store.station(key: key) == nil
            else { return nil }
            return StationRecord(
                serial: serial, model: "", hardware: "", state: .released, owner: owner, identityKey: key,
                identityCertificate: evidence.identity.der)
        }
        guard station.identityKey == key, station.state == .released || station.state == .installed else { return nil }
        station.owner = owner
        return station
    }

    /// The LDevID. Its subject and names come from the registry; of the request only the key is used.
    private func issue(
        _ stanza: Stanza, _ station: StationRecord, _ request: Introduce, _ evidence: IntroductionCheck.Evidence,
        _ context: CoreContext
    ) {
        let serial = station.serial
        let authority = configuration.ownerAuthority
        let address = "\(serial.folded)@\(configuration.stationsHost)"
        // A station of another maker has no model here, and so no name of the kind.
        let uris = station.model.isEmpty ? [] : ["urn:dev:ops:\(configuration.enterpriseNumber)-\(station.model)-\(serial)"]
        let notBefore = context.now.milliseconds / 1000 - 3600
        let notAfter = notBefore + Int64(configuration.operationalDays) * 86_400
        context.perform("issue LDevID", for: stanza) {
            try? authority.issue(
                publicKey: evidence.operationalKey, commonName: serial.description, serialNumber: serial.description,
                xmppAddresses: [address], uris: uris, notBefore: notBefore, notAfter: notAfter)
        } then: { [self] certificate, context in
            // It may have been revoked meanwhile.
            guard let certificate, let station = try admitted(serial, evidence) else { throw StanzaError.notAllowed }
            try install(stanza, station, request, certificate, context)
        }
    }

    private func install(
        _ stanza: Stanza, _ known: StationRecord, _ request: Introduce, _ certificate: Certificate, _ context: CoreContext
    ) throws {
        var station = known
        guard let key = try? certificate.publicKey.point else { throw StanzaError.notAllowed }
        if let other = try store.station(key: key), other.serial != station.serial { throw StanzaError.notAllowed }
        // The certificate that is replaced is good for a while yet: kept, so that it can be revoked.
        if let replaced = CertificateRecord.operational(of: known) { try store.keep(replaced) }
        let jid = try JID(localpart: station.serial.folded, domain: configuration.stationsHost)
        let isNew = try store.station(station.serial) == nil
        station.state = .installed
        station.operationalKey = key
        station.operationalCertificate = certificate.der
        station.jid = jid
        station.installedAt = context.now
        station.speaksJSONOnly = stanza.encoding == .json
        take(request, &station, context)
        if isNew { try store.insert(station) } else { try store.update(station) }
        try context.audit(
            actor: stanza.from?.description ?? "", action: "installed", subject: station.serial.description,
            detail: .object([
                .init("owner", .string(station.owner ?? "")), .init("jid", .string(jid.description)),
                .init("certificate", .string(certificate.fingerprint)),
            ]))
        context.journal(station.serial, .identity, "installed", detail: jid.description)
        context.emit(.installed(serial: station.serial, jid: jid, owner: station.owner ?? ""))
        let reply = try online(station, certificates: [certificate.der], context)
        context.reply(to: stanza, reply)
        roster.add(
            StationRoster.Entry(
                serial: station.serial, jid: jid, speaksJSONOnly: station.speaksJSONOnly,
                isSubscribed: station.isSubscribed, lastSeen: context.now), context)
    }

    // MARK: - On the stations host

    private func login(_ stanza: Stanza, _ from: JID, _ request: Introduce, _ context: CoreContext) throws {
        guard var station = try store.station(request.serial), station.jid == from.bare, from.resource != nil else {
            throw StanzaError.notAllowed
        }
        guard station.state == .installed else {
            if station.state == .revoked {
                context.raise { [self] in try sessions.sendAway(station.serial, from.bare, $0) }
            }
            throw StanzaError.notAllowed
        }
        if let entry = try roster.entry(of: from) { clones.suspect(entry, from, context) }
        take(request, &station, context)
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
        roster.change(from, context) {
            $0.presence = .online
            $0.resource = from.resource
            $0.speaksJSONOnly = station.speaksJSONOnly
            $0.lastSeen = context.now
        }
    }

    /// What a station says of itself at each introduction.
    private func take(_ request: Introduce, _ station: inout StationRecord, _ context: CoreContext) {
        if request.firmware.sequence < station.highestSequence {
            let text = "firmware went back from \(station.highestSequence) to \(request.firmware.sequence)"
            context.alarm(station.serial, text, from: configuration.domain)
        }
        station.firmwareVersion = request.firmware.version
        station.firmwareSequence = request.firmware.sequence
        if let place = request.position {
            station.position = StationPosition(
                latitude: place.latitude, longitude: place.longitude, altitude: place.altitude)
        }
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
