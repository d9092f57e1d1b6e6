// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import StationModel
import StationPKI
import XMLStream
import XMPPClient
import XMPPCore

/// Performs ``Engraving``: keys, certificates and stanzas.
public struct Engraver: Sendable {
    private let identity: StationIdentity
    private let serial: Serial
    private let component: JID

    /// Makes an engraver for an identity folder.
    public init(_ identity: StationIdentity) throws(AgentError) {
        self.identity = identity
        do { serial = try Serial(identity.state.serial) } catch {
            throw AgentError(.identity, "\(identity.state.serial) is no serial: \(error)")
        }
        do { component = try JID(identity.state.component) } catch {
            throw AgentError(.identity, "\(identity.state.component) is no address")
        }
    }

    /// Runs the dialogue. Safe to run again at any time: it takes up where it stopped.
    /// - Parameter entropy: bytes of the factory, mixed in if the key has still to be made.
    public func run(
        mixing entropy: [UInt8], over conversation: some ComponentConversation
    ) async throws(AgentError) {
        if identity.state.phase >= .released { return }
        let key = try identity.key(.idevid, mixing: entropy)
        let state = identity.state
        var dialogue = Engraving(
            serial: serial, model: state.model, hardware: state.hardware, component: component,
            publicKey: key.publicKey)
        var action = dialogue.start(stored: try identity.certificates(.idevid)?.first)
        while true {
            switch action {
            case .ask(let payload):
                do throws(AskFailure) { action = dialogue.received(try await conversation.ask(payload)) } catch {
                    action = dialogue.failed(error)
                }
            case .sign(let message):
                action = dialogue.signed(try key.sign(message))
            case .store(let chain):
                try identity.store(chain, .idevid)
                try identity.update { $0.phase = .engraved }
                guard let leaf = chain.first else { throw AgentError(.credentials, "no certificate") }
                action = dialogue.stored(leaf)
            case .finish:
                try identity.update { $0.phase = .released }
                return
            case .fail(let error):
                throw error
            }
        }
    }

    /// Logs in to the factory's host and runs the dialogue; tries again when the link breaks or replies are lost.
    /// - Parameters:
    ///   - configuration: anonymous, or a factory account.
    ///   - attempts: how often, before the last failure is reported.
    public func run(
        mixing entropy: [UInt8], connecting configuration: ClientConfiguration, group: any EventLoopGroup,
        logger: Logger, attempts: Int = 5
    ) async throws(AgentError) {
        var failure = AgentError(.unreachable, "no attempt was made")
        for attempt in 0..<max(1, attempts) {
            do throws(AgentError) {
                let connection = try await Self.connect(configuration, group: group, logger: logger)
                let conversation = ClientConversation(connection, component: component)
                do throws(AgentError) {
                    try await run(mixing: entropy, over: conversation)
                    await connection.close()
                    return
                } catch {
                    await connection.close()
                    throw error
                }
            } catch {
                failure = error
                guard error.code == .unreachable, !Task.isCancelled else { throw error }
            }
            if attempt + 1 < attempts { try? await Task.sleep(for: .seconds(1 << min(attempt, 4))) }
        }
        throw failure
    }

    private static func connect(
        _ configuration: ClientConfiguration, group: any EventLoopGroup, logger: Logger
    ) async throws(AgentError) -> XMPPClientConnection {
        do throws(ClientError) {
            return try await XMPPClientConnection.connect(configuration, group: group, logger: logger)
        } catch {
            switch error.code {
            case .configuration: throw AgentError(.configuration, error.sentence)
            case .authentication: throw AgentError(.refused, error.sentence)
            default: throw AgentError(.unreachable, error.sentence)
            }
        }
    }
}
