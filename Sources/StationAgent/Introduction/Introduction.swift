// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// UC007-2 on the station's side, as a value: what happened goes in, what to do comes out.
///
/// With the factory's identity: `introduce` with the chain → challenge → sign, and request a certificate for a fresh key →
/// `online` with the certificate → store → done. With the owner's: `introduce` without a chain → `online` → done.
/// The fresh key is on the disk before it is named, so a lost reply is repeated with the same key and nothing is wasted.
public struct Introduction: Sendable {
    /// How the station is logged in.
    public enum Login: Hashable, Sendable {
        /// With the IDevID on the onboarding host: the chain (leaf first), its key, and the new key to be certified.
        case onboarding(chain: [Certificate], key: P256PublicKey, newKey: P256PublicKey)
        /// With the LDevID on the stations host.
        case station
    }

    /// What the performer has to do.
    public enum Action: Hashable, Sendable {
        /// Send this payload to the component, and hand the result in.
        case ask(Element)
        /// Sign this with the factory's key, and make a request for the new key.
        case sign([UInt8])
        /// Make the certificates (leaf first) and what `online` says durable.
        case store([Certificate], Online)
        /// The station is on line.
        case finish(Online)
        /// Give up this attempt.
        case fail(AgentError)
    }

    enum State: Hashable, Sendable {
        case idle, awaitingAnswer, awaitingOnline, done, failed
        case signing(message: [UInt8])
        case storing(Online)
    }

    private(set) var state = State.idle
    private let login: Login
    private let serial: Serial
    private let component: JID
    private let firmware: Introduce.Firmware
    private let position: Introduce.Position?

    /// Makes the dialogue of one login.
    public init(
        login: Login, serial: Serial, component: JID, firmware: InstalledFirmware, position: Introduce.Position? = nil
    ) {
        self.login = login
        self.serial = serial
        self.component = component
        self.firmware = Introduce.Firmware(version: firmware.version, sequence: firmware.sequence)
        self.position = position
    }

    /// Begins.
    public mutating func start() -> Action {
        guard state == .idle else { return fail("the introduction was begun twice") }
        state = .awaitingAnswer
        var certificates: [[UInt8]] = []
        if case .onboarding(let chain, _, _) = login { certificates = chain.map(\.der) }
        return .ask(
            Introduce(serial: serial, firmware: firmware, certificates: certificates, position: position).element)
    }

    /// The result of what was asked.
    public mutating func received(_ payload: XMLElement?) -> Action {
        guard let payload else { return fail("the component's answer is empty") }
        do throws(StanzaError) {
            switch (state, login) {
            case (.awaitingAnswer, .onboarding(_, let key, _)):
                return challenged(try ChallengePayload.decode(payload).message, key: key)
            case (.awaitingAnswer, .station):
                return online(try Online.decode(payload), newKey: nil)
            case (.awaitingOnline, .onboarding(_, _, let newKey)):
                return online(try Online.decode(payload), newKey: newKey)
            default:
                return fail("an answer came that nobody asked for")
            }
        } catch {
            return fail("the component's answer cannot be read: \(error.text)")
        }
    }

    /// The challenge is signed and the request is made.
    public mutating func signed(_ signature: [UInt8], csr: [UInt8]) -> Action {
        guard case .signing(let message) = state else { return fail("a signature came that nobody asked for") }
        state = .awaitingOnline
        return .ask(Prove(message: message, signature: signature, csr: csr).element)
    }

    /// The owner's identity is safe.
    public mutating func stored() -> Action {
        guard case .storing(let online) = state else { return fail("a certificate was stored out of turn") }
        state = .done
        return .finish(online)
    }

    /// The component refused, or did not answer.
    public mutating func failed(_ failure: AskFailure) -> Action {
        state = .failed
        return .fail(failure.agentError)
    }

    private mutating func challenged(_ message: [UInt8], key: P256PublicKey) -> Action {
        guard let challenge = Challenge(message: message) else { return fail("the challenge is not in the known format") }
        guard challenge.purpose == "introduce", challenge.component == component.description,
            challenge.serial.lowercased() == serial.folded, challenge.keyIdentifier == key.keyIdentifier
        else { return fail("the challenge was made for somebody or something else") }
        state = .signing(message: message)
        return .sign(message)
    }

    private mutating func online(_ online: Online, newKey: P256PublicKey?) -> Action {
        guard online.serial == serial else { return fail("another serial is on line") }
        guard online.service.domain == component.domain else { return fail("reports are to go to a stranger") }
        guard let newKey else {
            guard online.certificates.isEmpty else { return fail("a certificate came that nobody asked for") }
            state = .done
            return .finish(online)
        }
        do throws(AgentError) {
            let chain = try CertificateChain.read(online.certificates, key: newKey, serial: serial)
            guard let leaf = chain.first, let address = leaf.xmppAddresses.first,
                (try? JID(address)) == online.jid
            else { throw AgentError(.credentials, "the certificate is not for \(online.jid)") }
            state = .storing(online)
            return .store(chain, online)
        } catch {
            state = .failed
            return .fail(error)
        }
    }

    private mutating func fail(_ text: String) -> Action {
        state = .failed
        return .fail(AgentError(.protocolViolation, text))
    }
}
