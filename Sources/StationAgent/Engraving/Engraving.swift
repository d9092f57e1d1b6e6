// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// UC007-1 on the unit's side, as a value: what happened goes in, what to do comes out.
///
/// `engrave` → challenge → sign → `prove` → certificate → store → `release` → done. Every step may be repeated after a
/// crash or a lost reply: the key is on the disk before the first request, the same serial with the same key gets the
/// same certificate again, and a unit whose certificate is stored goes straight to the release.
public struct Engraving: Sendable {
    /// What the performer has to do.
    public enum Action: Hashable, Sendable {
        /// Send this payload to the component, and hand the result in.
        case ask(Element)
        /// Sign this with the identity key.
        case sign([UInt8])
        /// Make these certificates durable, leaf first.
        case store([Certificate])
        /// Write down that the unit is released; all is done.
        case finish
        /// Give up.
        case fail(AgentError)
    }

    enum State: Hashable, Sendable {
        case idle, awaitingChallenge, awaitingIdentity, storing, awaitingRelease, done, failed
        case signing(message: [UInt8])
    }

    private(set) var state = State.idle
    private let serial: Serial
    private let model: String
    private let hardware: String
    private let component: JID
    private let publicKey: P256PublicKey

    /// Makes the dialogue of one unit.
    public init(serial: Serial, model: String, hardware: String, component: JID, publicKey: P256PublicKey) {
        self.serial = serial
        self.model = model
        self.hardware = hardware
        self.component = component
        self.publicKey = publicKey
    }

    /// Whether the unit is released.
    public var isDone: Bool { state == .done }

    /// Begins.
    /// - Parameter stored: the certificate that an earlier attempt has stored, if any.
    public mutating func start(stored: Certificate?) -> Action {
        guard state == .idle else { return fail("engraving was begun twice") }
        if let stored { return release(stored) }
        state = .awaitingChallenge
        return .ask(
            Engrave(serial: serial, model: model, hardware: hardware, publicKey: publicKey.point).element)
    }

    /// The result of what was asked.
    public mutating func received(_ payload: XMLElement?) -> Action {
        guard let payload else { return fail("the component's answer is empty") }
        do throws(StanzaError) {
            switch state {
            case .awaitingChallenge: return challenged(try ChallengePayload.decode(payload).message)
            case .awaitingIdentity: return engraved(try Engraved.decode(payload))
            case .awaitingRelease:
                guard try Released.decode(payload).serial == serial else { return fail("another serial was released") }
                state = .done
                return .finish
            default: return fail("an answer came that nobody asked for")
            }
        } catch {
            return fail("the component's answer cannot be read: \(error.text)")
        }
    }

    /// The challenge is signed.
    public mutating func signed(_ signature: [UInt8]) -> Action {
        guard case .signing(let message) = state else { return fail("a signature came that nobody asked for") }
        state = .awaitingIdentity
        return .ask(Prove(message: message, signature: signature).element)
    }

    /// The certificates are safe.
    public mutating func stored(_ leaf: Certificate) -> Action {
        guard state == .storing else { return fail("a certificate was stored out of turn") }
        return release(leaf)
    }

    /// The component refused, or did not answer. Lost replies are for the performer to repeat.
    public mutating func failed(_ failure: AskFailure) -> Action {
        state = .failed
        return .fail(failure.agentError)
    }

    /// Only a challenge made for this unit, this key and this purpose is ever signed. Its expiry is the component's to
    /// judge: a factory-new unit does not know the time.
    private mutating func challenged(_ message: [UInt8]) -> Action {
        guard let challenge = Challenge(message: message) else { return fail("the challenge is not in the known format") }
        guard challenge.purpose == "engrave", challenge.component == component.description,
            challenge.serial.lowercased() == serial.folded, challenge.keyIdentifier == publicKey.keyIdentifier
        else { return fail("the challenge was made for somebody or something else") }
        state = .signing(message: message)
        return .sign(message)
    }

    private mutating func engraved(_ identity: Engraved) -> Action {
        do throws(AgentError) {
            let chain = try CertificateChain.read(identity.certificates, key: publicKey, serial: serial)
            state = .storing
            return .store(chain)
        } catch {
            state = .failed
            return .fail(error)
        }
    }

    private mutating func release(_ leaf: Certificate) -> Action {
        state = .awaitingRelease
        return .ask(Release(serial: serial, certificate: leaf.fingerprint).element)
    }

    private mutating func fail(_ text: String) -> Action {
        state = .failed
        return .fail(AgentError(.protocolViolation, text))
    }
}
