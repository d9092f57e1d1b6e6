// SPDX-License-Identifier: Apache-2.0
import Logging
import StationDigest
import StationPKI
import StationProtocol
import XMLStream
import XMPPClient
import XMPPCore
import XMPPTransport

/// Owned trees, under a name that does not meet others.
typealias XMPPElement = Element

/// Logging in, again and again.
extension Agent {
    /// A session that lasted this long was a success: the next wait is short again.
    private static let stableAfter = Duration.seconds(10)

    nonisolated func keepSessions() async -> Result<Outcome, AgentError> {
        var backoff = Backoff()
        while !Task.isCancelled {
            let begun = ContinuousClock.now
            do throws(AgentError) {
                let goesOnAtOnce = try await session()
                if goesOnAtOnce || begun.duration(to: .now) >= Self.stableAfter { backoff.reset() }
                if goesOnAtOnce { continue }
            } catch {
                if [.storage, .damaged, .unsafePermissions].contains(error.code) { return .failure(error) }
                environment.observe(.offline(error.description))
                logger.warning("station off line", metadata: ["reason": "\(error)"])
            }
            if Task.isCancelled { break }
            try? await Task.sleep(for: backoff.next(random: environment.random()))
        }
        return .success(.stopped)
    }

    /// One login. True if the next one is to follow at once: the owner's identity has just come.
    private nonisolated func session() async throws(AgentError) -> Bool {
        let isInstalled = identity.state.phase == .installed
        let configuration = try loginConfiguration(isInstalled: isInstalled)
        let connection: XMPPClientConnection
        do throws(ClientError) {
            connection = try await XMPPClientConnection.connect(
                configuration, group: environment.group, logger: logger, random: environment.random)
        } catch {
            throw AgentError(error.authenticationCondition == nil ? .unreachable : .refused, error.sentence)
        }
        environment.observe(.loggedIn(onboarding: !isInstalled))
        let result = await withTaskGroup(of: Result<Bool, AgentError>.self) { tasks in
            tasks.addTask { await self.listen(connection) }
            tasks.addTask {
                do throws(AgentError) {
                    return .success(try await self.converse(connection, isInstalled: isInstalled))
                } catch { return .failure(error) }
            }
            let first = await tasks.next() ?? .success(false)
            tasks.cancelAll()
            await connection.close()
            await tasks.waitForAll()
            return first
        }
        await ended()
        return try result.get()
    }

    private nonisolated func loginConfiguration(isInstalled: Bool) throws(AgentError) -> ClientConfiguration {
        let kind: StationIdentity.Kind = isInstalled ? .ldevid : .idevid
        guard let chain = try identity.certificates(kind), let leaf = chain.first else {
            throw AgentError(.identity, "\(identity.certificatePath(kind)) is missing")
        }
        let text = isInstalled ? identity.state.address ?? "" : leaf.xmppAddresses.first ?? ""
        let address: JID
        do throws(JIDError) { address = try JID(text) } catch {
            throw AgentError(.identity, "\(identity.certificatePath(kind)) names no address")
        }
        // The authority is not sent along: servers know whom they trust.
        return settings.connection.client(
            address.bare, onboarding: !isInstalled,
            credentials: .certificate(chainPEM: leaf.pem, keyPEM: try identity.key(kind).tlsKeyPEM()))
    }

    private nonisolated func converse(
        _ connection: XMPPClientConnection, isInstalled: Bool
    ) async throws(AgentError) -> Bool {
        let conversation = ClientConversation(
            connection, component: component, encoding: settings.encoding, timeout: settings.answerTimeout)
        if !isInstalled {
            _ = try await introduce(over: conversation)
            environment.observe(.installed)
            logger.info("station installed", metadata: ["address": "\(identity.state.address ?? "")"])
            wakeSensor.raise()
            return true
        }
        await attach(conversation)
        do throws(ClientError) { try await connection.sendPresence() } catch {
            throw AgentError(.unreachable, error.sentence)
        }
        while !Task.isCancelled {
            let online = try await introduce(over: conversation)
            try await begin(online)
            environment.observe(.online)
            logger.info("station online", metadata: ["next-seq": "\(online.nextSeq)"])
            wakeUpdates.raise()
            try await report(over: conversation)
        }
        return false
    }

    /// Performs ``Introduction`` with the identity that the station has.
    public nonisolated func introduce(
        over conversation: some ComponentConversation
    ) async throws(AgentError) -> Online {
        let state = identity.state
        let factoryKey = try identity.key(.idevid)
        var login = Introduction.Login.station
        var newKey: KeyFile?
        if state.phase != .installed {
            let key = try identity.key(.ldevid)
            guard let chain = try identity.certificates(.idevid) else {
                throw AgentError(.identity, "\(identity.certificatePath(.idevid)) is missing")
            }
            login = .onboarding(chain: chain, key: factoryKey.publicKey, newKey: key.publicKey)
            newKey = key
        }
        var dialogue = Introduction(
            login: login, serial: serial, component: component, firmware: state.firmware ?? settings.firmware,
            position: settings.position)
        var action = dialogue.start()
        while true {
            switch action {
            case .ask(let payload):
                do throws(AskFailure) { action = dialogue.received(try await conversation.ask(payload)) } catch {
                    action = dialogue.failed(error)
                }
            case .sign(let message):
                guard let newKey else { throw AgentError(.protocolViolation, "nothing is to be signed") }
                action = dialogue.signed(
                    try factoryKey.sign(message),
                    csr: try newKey.certificateSigningRequest(commonName: serial.description))
            case .store(let chain, let online):
                try identity.store(chain, .ldevid)
                try remember(online, phase: .installed)
                action = dialogue.stored()
            case .finish(let online):
                try remember(online, phase: .installed)
                return online
            case .fail(let error):
                throw error
            }
        }
    }

    private nonisolated func remember(_ online: Online, phase: IdentityPhase) throws(AgentError) {
        let component = component.description
        try identity.update { state in
            state.phase = phase
            state.component = component
            state.address = online.jid.description
            state.interval = online.interval
            state.releaseKeys = online.releaseKeys.map(Base64URL.encode)
            state.directorKey = Base64URL.encode(online.directorKey)
            state.configurationVersion = online.configuration.version
            state.settings = online.configuration.settings
        }
    }

    /// Offers may come right behind the answer to the introduction, before that is taken in.
    func attach(_ conversation: any ComponentConversation) { self.conversation = conversation }

    func begin(_ online: Online) throws(AgentError) {
        try spool.reconcile(nextNumber: online.nextSeq)
        reporter.online(from: spool.firstWaiting ?? spool.nextNumber)
        let skew = environment.now().seconds - online.time
        if abs(skew) > 60 { logger.warning("clock differs from the component's", metadata: ["seconds": "\(Int(skew))"]) }
    }

    private func ended() {
        conversation = nil
        reporter.offline()
        sentAt.removeAll()
    }
}
