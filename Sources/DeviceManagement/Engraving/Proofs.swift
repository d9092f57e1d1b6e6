// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationDigest
import StationModel
import StationPKI
import StationProtocol
import XMPPCore

/// Challenges and their answers, the same for engraving and introduction: a challenge is a row,
/// single use, bound to who asked, to this component, to the key and to the purpose.
final class Proofs {
    /// A `prove` whose signature has been checked, one way or the other, on the pool.
    struct Proof: Sendable {
        let challenge: Challenge
        /// The request that the challenge belonged to, as JSON text.
        let request: String
        let prove: Prove
    }

    typealias Handler = (Stanza, Proof?, Prove, CoreContext) throws -> Void

    private let store: any DeviceStore
    private let configuration: DeviceConfiguration
    private var handlers: [String: Handler] = [:]
    private static let expiryTimer = "challenge-expiry"

    init(store: any DeviceStore, configuration: DeviceConfiguration) {
        self.store = store
        self.configuration = configuration
    }

    /// Who goes on with a proof for this purpose. The handler also gets proofs of which nothing is true
    /// (`nil`), so that every refusal costs the same work.
    func on(_ purpose: String, _ handler: @escaping Handler) { handlers[purpose] = handler }

    func register(on core: inout CoreRegistry) {
        core.iq(.set, Prove.xmlName) { [self] in try prove($0, $1) }
        core.timer(Self.expiryTimer) { [self] _, context in
            try store.removeChallenges(expiredAt: context.now)
        }
    }

    /// Gives out a challenge for `key`, and remembers the request that it belongs to.
    func challenge(
        _ stanza: Stanza, from: JID, purpose: String, serial: Serial, keyIdentifier: String, request: String,
        _ context: CoreContext
    ) throws {
        let expires = context.now.adding(configuration.challengeLifetime)
        let nonce = context.randomBytes(32)
        let challenge = Challenge(
            purpose: purpose, component: configuration.domain.description, station: from.bare.description,
            serial: serial.description, keyIdentifier: keyIdentifier, nonce: nonce,
            expires: expires.milliseconds / 1000)
        try store.addChallenge(
            ChallengeRecord(
                nonce: nonce, message: challenge.message, jid: from.bare, serial: serial, request: request, expires: expires))
        // One timer for each minute: a single one would be moved on by each challenge, and never fire.
        let minute = expires.milliseconds / 60_000 &+ 1
        context.schedule(Self.expiryTimer, key: String(minute), due: Timestamp(milliseconds: minute &* 60_000))
        let payload = ChallengePayload(message: challenge.message, expires: Double(challenge.expires))
        context.reply(to: stanza, payload.element)
    }

    private func prove(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let from = stanza.from, let payload = stanza.payload else { throw StanzaError.notAllowed }
        let prove = try Prove.decode(payload)
        var proof: Proof?
        var purpose = prove.csr == nil ? "engrave" : "introduce"
        if let challenge = Challenge(message: prove.message) {
            purpose = challenge.purpose
            if let row = try store.takeChallenge(nonce: challenge.nonce), row.message == prove.message,
                row.jid == from.bare, row.expires > context.now
            {
                proof = Proof(challenge: challenge, request: row.request, prove: prove)
            }
        }
        guard let handler = handlers[purpose] else { throw StanzaError.notAllowed }
        try handler(stanza, proof, prove, context)
    }
}
