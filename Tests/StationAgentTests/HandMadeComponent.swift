// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationModel
import StationPKI
import StationProtocol
import Synchronization
import XMLStream
import XMPPCore

@testable import StationAgent

/// The component's side, by hand: real keys and certificates, and replies that can get lost.
final class HandMadeComponent: ComponentConversation {
    struct State {
        /// Names of the payloads that came, in order.
        var asked: [String] = []
        /// The reply to the n-th request (from 0) is lost: it has been acted upon.
        var loses: Set<Int> = []
        /// The n-th request is refused with this.
        var refuses: [Int: StanzaError] = [:]
        /// Changes a reply's element before it goes out.
        var reply: (@Sendable (String, Element) -> Element)?
        var challengeKey = ""
        var challengePurpose = ""
        var provenKeys: [[UInt8]] = []
        var issued: [[UInt8]: Certificate] = [:]
        var unitKey: P256PublicKey?
        /// How long an owner's certificate is good.
        var ownerDays: Int64 = 365
        var nextSeq: Int64 = 1
        var components = "devices.localhost"
    }

    let state = Mutex(State())
    let maker: CertificateAuthority
    let owner: CertificateAuthority
    let director: P256PrivateKey
    let release: P256PrivateKey
    let serial: Serial
    static let now: Int64 = 1_795_413_600

    init(serial: String = "WX-1") throws {
        self.serial = try Serial(serial)
        maker = try CertificateAuthority.create(
            commonName: "Maker CA", organization: "Maker", key: P256PrivateKey(), validYears: 10, now: Self.now)
        owner = try CertificateAuthority.create(
            commonName: "Owner CA", organization: "Owner", key: P256PrivateKey(), validYears: 10, now: Self.now)
        director = try P256PrivateKey()
        release = try P256PrivateKey()
    }

    var asked: [String] { state.withLock { $0.asked } }

    func post(_ payload: Element) -> PendingAnswer {
        let result: Result<XMLElement?, AskFailure>
        do throws(AskFailure) { result = .success(try answer(payload)) } catch { result = .failure(error) }
        return PendingAnswer { result }
    }

    private func answer(_ payload: Element) throws(AskFailure) -> XMLElement? {
        let index = state.withLock { state in
            state.asked.append(payload.name.local)
            return state.asked.count - 1
        }
        if let refusal = state.withLock({ $0.refuses[index] }) { throw .refused(refusal) }
        do {
            var answer = try reply(try read(payload))
            if let change = state.withLock({ $0.reply }) { answer = change(payload.name.local, answer) }
            if state.withLock({ $0.loses.contains(index) }) { throw AskFailure.unanswered("the reply was lost") }
            return try read(answer)
        } catch let failure as AskFailure {
            throw failure
        } catch {
            throw .refused(StanzaError(.badRequest, "\(error)"))
        }
    }

    private func read(_ element: Element) throws -> XMLElement {
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        writer.write(element)
        return try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
    }

    private func reply(_ payload: XMLElement) throws -> Element {
        switch payload.localName {
        case "engrave":
            let engrave = try Engrave.decode(payload)
            let key = try P256PublicKey(point: engrave.publicKey)
            state.withLock { $0.unitKey = key }
            return challenge("engrave", key: key, host: "factory.localhost")
        case "introduce":
            let introduce = try Introduce.decode(payload)
            guard let first = introduce.certificates.first else { return try online([]).element }
            return challenge("introduce", key: try Certificate(der: first).publicKey, host: "onboarding.localhost")
        case "prove":
            return try proven(try Prove.decode(payload))
        case "release":
            return Released(serial: try Release.decode(payload).serial).element
        default:
            throw StanzaError(.featureNotImplemented)
        }
    }

    private func challenge(_ purpose: String, key: P256PublicKey, host: String) -> Element {
        let message = Challenge(
            purpose: purpose, component: state.withLock { $0.components }, station: "\(serial.folded)@\(host)",
            serial: serial.description, keyIdentifier: key.keyIdentifier, nonce: [UInt8](repeating: 7, count: 32),
            expires: Self.now + 60
        ).message
        state.withLock { $0.challengePurpose = purpose }
        state.withLock { $0.unitKey = key }
        return ChallengePayload(message: message, expires: Double(Self.now + 60)).element
    }

    private func proven(_ prove: Prove) throws -> Element {
        guard let key = state.withLock({ $0.unitKey }), key.verify(signature: prove.signature, message: prove.message)
        else { throw StanzaError(.forbidden, "not allowed") }
        guard state.withLock({ $0.challengePurpose }) == "introduce" else {
            let leaf = try issue(maker, key, "onboarding.localhost")
            return Engraved(
                serial: serial, certificates: [leaf.der, maker.certificate.der],
                receipt: EnvelopeDocument(type: "engraving-receipt", payload: [1])).element
        }
        let csr = try CertificateSigningRequest(der: prove.csr ?? [])
        state.withLock { $0.provenKeys.append(csr.publicKey.point) }
        let leaf = try issue(owner, csr.publicKey, "stations.localhost")
        return try online([leaf.der, owner.certificate.der]).element
    }

    /// The same key gets the same certificate.
    private func issue(_ authority: CertificateAuthority, _ key: P256PublicKey, _ host: String) throws -> Certificate {
        let place = key.point + Array(host.utf8)
        if let known = state.withLock({ $0.issued[place] }) { return known }
        let leaf = try authority.issue(
            publicKey: key, commonName: serial.description, serialNumber: serial.description,
            xmppAddresses: ["\(serial.folded)@\(host)"], uris: [], notBefore: Self.now - 60,
            notAfter: Self.now + 86_400 * state.withLock { $0.ownerDays })
        state.withLock { $0.issued[place] = leaf }
        return leaf
    }

    func online(_ certificates: [[UInt8]]) throws -> Online {
        Online(
            serial: serial, jid: try JID("\(serial.folded)@stations.localhost"),
            certificates: certificates, interval: 10, nextSeq: state.withLock { $0.nextSeq },
            service: try JID("devices.localhost"), time: Double(Self.now),
            releaseKeys: [release.publicKey.point], directorKey: director.publicKey.point)
    }
}

extension HandMadeComponent {
    /// An identity that has just left the factory.
    func engraved(_ folder: TemporaryFolder) async throws -> StationIdentity {
        let identity = try StationIdentity(
            folder: folder.path + "/id", serial: serial.description, model: "ws-1", hardware: "rev-b",
            component: "devices.localhost")
        try await Engraver(identity).run(mixing: [1, 2, 3], over: self)
        return identity
    }
}
