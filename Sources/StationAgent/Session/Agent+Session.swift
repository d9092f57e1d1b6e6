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
        let kind = try await chooseIdentity()
        let configuration = try loginConfiguration(kind)
        let connection: XMPPClientConnection
        do throws(ClientError) {
            connection = try await XMPPClientConnection.connect(
                configuration, group: environment.group, logger: logger, random: environment.random)
        } catch {
            let isRefused = error.authenticationCondition != nil
            // A server may refuse a certificate in the handshake already.
            if kind == .ldevid, isRefused || error.code == .tls { await note { $0.refused() } }
            throw AgentError(isRefused ? .refused : .unreachable, error.sentence)
        }
        if kind == .ldevid { await note { $0.admitted() } }
        environment.observe(.loggedIn(onboarding: kind == .idevid))
        let result = await withTaskGroup(of: Result<Bool, AgentError>.self) { tasks in
            tasks.addTask { await self.listen(connection) }
            tasks.addTask {
                do throws(AgentError) {
                    return .success(try await self.converse(connection, as: kind))
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

    /// The factory's identity until the owner has given one, and whenever that one has to be renewed.
    func chooseIdentity() throws(AgentError) -> StationIdentity.Kind {
        guard identity.state.phase == .installed else { return .idevid }
        let notAfter = try identity.ownerCertificate()?.notAfter
        return logins.next(notAfter: notAfter, now: environment.now().milliseconds / 1000, uptime: uptime)
    }

    private func note(_ change: (inout LoginChoice) -> Void) { change(&logins) }

    private nonisolated func loginConfiguration(_ kind: StationIdentity.Kind) throws(AgentError) -> ClientConfiguration {
        guard let chain = try identity.certificates(kind), let leaf = chain.first else {
            throw AgentError(.identity, "\(identity.certificatePath(kind)) is missing")
        }
        let text = kind == .ldevid ? identity.state.address ?? "" : leaf.xmppAddresses.first ?? ""
        let address: JID
        do throws(JIDError) { address = try JID(text) } catch {
            throw AgentError(.identity, "\(identity.certificatePath(kind)) names no address")
        }
        // The authority is not sent along: servers know whom they trust.
        return settings.connection.client(
            address.bare, onboarding: kind == .idevid,
            credentials: .certificate(chainPEM: leaf.pem, keyPEM: try identity.key(kind).tlsKeyPEM()))
    }

    private nonisolated func converse(
        _ connection: XMPPClientConnection, as kind: StationIdentity.Kind
    ) async throws(AgentError) -> Bool {
        let conversation = ClientConversation(
            connection, component: component, encoding: settings.encoding, timeout: settings.answerTimeout)
        if kind == .idevid {
            _ = try await introduce(over: conversation, as: kind)
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
            let online = try await introduce(over: conversation, as: kind)
            try await begin(online)
            environment.observe(.online)
            logger.info("station online", metadata: ["next-seq": "\(online.nextSeq)"])
            wakeUpdates.raise()
            try await report(over: conversation)
        }
        return false
    }

    /// Performs ``Introduction``, on the onboarding host with the factory's identity, on the stations host with the owner's.
    public nonisolated func introduce(
        over conversation: some ComponentConversation, as kind: StationIdentity.Kind
    ) async throws(AgentError) -> Online {
        let state = identity.state
        let factoryKey = try identity.key(.idevid)
        var login = Introduction.Login.station
        var newKey: KeyFile?
        if kind == .idevid {
            let key = try identity.nextOwnerKey()
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
                try identity.installOwner(chain) { self.remember(online, in: &$0) }
                action = dialogue.stored()
            case .finish(let online):
                try identity.update { self.remember(online, in: &$0) }
                return online
            case .fail(let error):
                throw error
            }
        }
    }

    private nonisolated func remember(_ online: Online, in state: inout IdentityState) {
        state.phase = .installed
        state.component = component.description
        state.address = online.jid.description
        state.interval = online.interval
        state.releaseKeys = online.releaseKeys.map(Base64URL.encode)
        state.directorKey = Base64URL.encode(online.directorKey)
        state.configurationVersion = online.configuration.version
        state.settings = online.configuration.settings
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
