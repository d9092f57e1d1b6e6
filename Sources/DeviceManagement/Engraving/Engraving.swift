// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMPPCore

/// UC007-1, in-factory engraving: a unit of an open batch gets its identity, once.
///
/// Steps: `engrave` → challenge → `prove` → IDevID certificate and receipt → `release`.
final class Engraving {
    private let store: any DeviceStore
    private let configuration: DeviceConfiguration
    private let proofs: Proofs
    private static let receiptType = "engraving-receipt"

    init(store: any DeviceStore, configuration: DeviceConfiguration, proofs: Proofs) {
        self.store = store
        self.configuration = configuration
        self.proofs = proofs
    }

    func register(on core: inout CoreRegistry) {
        proofs.register(on: &core)
        proofs.on("engrave") { [self] in try proved($0, $1, $2, $3) }
        core.iq(.set, Engrave.xmlName) { [self] in try engrave($0, $1) }
        core.iq(.set, Release.xmlName) { [self] in try release($0, $1) }
    }

    // MARK: - Steps 5 and 6

    private func engrave(_ stanza: Stanza, _ context: CoreContext) throws {
        let from = try factoryUnit(stanza)
        guard let payload = stanza.payload else { throw StanzaError.notAllowed }
        let request = try Engrave.decode(payload)
        guard let key = try? P256PublicKey(point: request.publicKey) else {
            throw StanzaError(.badRequest, "the public key is not a point of P-256 at /publicKey")
        }
        _ = try eligible(request, from, context)
        try proofs.challenge(
            stanza, from: from, purpose: "engrave", serial: request.serial, keyIdentifier: key.keyIdentifier,
            request: request.json.text, context)
    }

    private func factoryUnit(_ stanza: Stanza) throws -> JID {
        guard let from = stanza.from, configuration.factoryHosts.contains(from.domain) else {
            throw StanzaError.notAllowed
        }
        return from
    }

    /// The station if it is engraved already with this very key, nil if it may be engraved now.
    private func eligible(_ request: Engrave, _ from: JID, _ context: CoreContext) throws -> StationRecord? {
        guard let batch = try store.batch(containing: request.serial) else { throw StanzaError.notAllowed }
        if let station = try store.station(request.serial) {
            guard station.identityKey == request.publicKey else {
                context.alarm(request.serial, "serial engraved already with another key", from: from)
                throw StanzaError(.conflict, "this serial has been engraved already")
            }
            return station
        }
        if let other = try store.station(key: request.publicKey) {
            context.alarm(request.serial, "key engraved already as \(other.serial)", from: from)
            throw StanzaError(.conflict, "this key has been engraved already")
        }
        guard context.now < batch.closes else { throw StanzaError.notAllowed }
        guard batch.model == request.model else { throw StanzaError.notAllowed }
        return nil
    }

    // MARK: - Step 7

    private func proved(_ stanza: Stanza, _ proof: Proofs.Proof?, _ prove: Prove, _ context: CoreContext) throws {
        let from = try factoryUnit(stanza)
        guard let proof else { throw StanzaError.notAllowed }
        let request = try Engrave.decode(text: proof.request)
        let authority = configuration.makerAuthority
        let serial = request.serial
        let notBefore = context.now.milliseconds / 1000 - 3600
        let notAfter = notBefore + Int64(configuration.identityDays) * 86_400
        let address = "\(serial.folded)@\(configuration.onboardingHost)"
        let uri = "urn:dev:ops:\(configuration.enterpriseNumber)-\(request.model)-\(serial)"
        context.perform("issue IDevID", for: stanza) { () -> Certificate? in
            guard let key = try? P256PublicKey(point: request.publicKey),
                key.verify(signature: prove.signature, message: prove.message)
            else { return nil }
            return try? authority.issue(
                publicKey: key, commonName: serial.description, serialNumber: serial.description,
                xmppAddresses: [address], uris: [uri], notBefore: notBefore, notAfter: notAfter)
        } then: { [self] certificate, context in
            guard let certificate else {
                context.alarm(serial, "wrong proof of key at engraving", from: from)
                throw StanzaError.notAllowed
            }
            try finish(stanza, request, from, certificate, context)
        }
    }

    private func finish(
        _ stanza: Stanza, _ request: Engrave, _ from: JID, _ certificate: Certificate, _ context: CoreContext
    ) throws {
        if let known = try eligible(request, from, context) {
            return try reply(stanza, known, context)
        }
        let logged = try context.audit(
            actor: from.description, action: "engraved", subject: request.serial.description,
            detail: .object([
                .init("model", .string(request.model)), .init("hardware", .string(request.hardware)),
                .init("key", .string(Base64URL.encode(request.publicKey))),
                .init("certificate", .string(certificate.fingerprint)),
            ]))
        let receipt: JSON = .object([
            .init("serial", .string(request.serial.description)), .init("model", .string(request.model)),
            .init("hardware", .string(request.hardware)),
            .init("key", .string(Base64URL.encode(request.publicKey))),
            .init("certificate", .string(certificate.fingerprint)),
            .init("time", .number(context.now.seconds)),
            .init("logSequence", .integer(logged.sequence)), .init("logHash", .string(logged.hash)),
        ])
        // Stored without its signature, which is made on the pool: a crash in between leaves nothing to be made up.
        let document = EnvelopeDocument(type: Self.receiptType, payload: receipt.serialized())
        let station = StationRecord(
            serial: request.serial, model: request.model, hardware: request.hardware, state: .engraved,
            identityKey: request.publicKey, identityCertificate: certificate.der, receipt: document.json.text,
            engravedAt: context.now)
        try store.insert(station)
        context.emit(.keyBound(serial: request.serial, key: request.publicKey))
        context.journal(request.serial, .identity, "engraved", detail: certificate.fingerprint)
        try reply(stanza, station, context)
    }

    private func reply(_ stanza: Stanza, _ station: StationRecord, _ context: CoreContext) throws {
        let receipt = try EnvelopeDocument(json: JSONDocument(station.receipt ?? "").root)
        guard receipt.signatures.isEmpty else { return reply(stanza, station, receipt, context) }
        let key = configuration.directorKey
        context.perform("sign receipt", for: stanza) { () -> EnvelopeDocument? in
            var envelope = receipt.envelope
            do { try envelope.sign(role: "maker", with: key) } catch { return nil }
            return EnvelopeDocument(
                type: receipt.type, payload: receipt.payload,
                signatures: envelope.signatures.map {
                    EnvelopeDocument.Signature(role: $0.role, key: $0.key, alg: $0.algorithm, signature: $0.signature)
                })
        } then: { [self] signed, context in
            guard let signed, var station = try store.station(station.serial) else {
                throw StanzaError(.internalServerError, "the receipt could not be signed; ask again")
            }
            station.receipt = signed.json.text
            try store.update(station)
            reply(stanza, station, signed, context)
        }
    }

    private func reply(_ stanza: Stanza, _ station: StationRecord, _ receipt: EnvelopeDocument, _ context: CoreContext) {
        let payload = Engraved(
            serial: station.serial,
            certificates: [station.identityCertificate, configuration.makerAuthority.certificate.der],
            receipt: receipt)
        context.reply(to: stanza, payload.element)
    }

    // MARK: - Release

    /// The unit has stored its identity: from now on it can be introduced.
    private func release(_ stanza: Stanza, _ context: CoreContext) throws {
        let from = try factoryUnit(stanza)
        guard let payload = stanza.payload else { throw StanzaError.notAllowed }
        let request = try Release.decode(payload)
        guard var station = try store.station(request.serial),
            Hex.encode(Digest.sha256(station.identityCertificate)) == request.certificate
        else { throw StanzaError.notAllowed }
        if station.state == .engraved {
            station.state = .released
            try store.update(station)
            try context.audit(
                actor: from.description, action: "released", subject: station.serial.description,
                detail: .object([.init("certificate", .string(request.certificate))]))
            context.journal(station.serial, .identity, "released from the factory")
        }
        context.reply(to: stanza, Released(serial: station.serial).element)
    }
}
