// SPDX-License-Identifier: Apache-2.0
import LiveServers
import NIOPosix
import Synchronization
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient

@Suite("A client on real servers", .serialized, .enabled(if: !LiveServer.all.isEmpty, "no live server is configured"))
struct LiveClientTests {
    private static let disco = Element(XMLName("query", Namespaces.discoInfo))

    /// Once more after `internal-server-error`: jabberd2 numbers sessions by their sockets, and ends a new one when
    /// something comes for the last of that number.
    private func connect(_ configuration: ClientConfiguration, isLast: Bool = false) async throws -> XMPPClientConnection {
        do {
            return try await XMPPClientConnection.connect(
                configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger)
        } catch {
            guard !isLast, error.streamError?.condition == .internalServerError else { throw error }
            return try await connect(configuration, isLast: true)
        }
    }

    private func error(_ configuration: ClientConfiguration) async -> ClientError? {
        do throws(ClientError) {
            let connection = try await XMPPClientConnection.connect(
                configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger)
            await connection.close()
            return nil
        } catch { return error }
    }

    private func check(_ connection: XMPPClientConnection) async throws {
        let server = try JID(connection.jid.domain)
        let answer = try await connection.request(.get, to: server, Self.disco)
        #expect(answer.type == "result")
        #expect(answer.payload?.firstChild(XMLName("identity", Namespaces.discoInfo)) != nil)
        await connection.close()
        #expect(connection.end?.code == .closed)
        await #expect(throws: ClientError.self) { try await connection.send(.presence()) }
    }

    @Test("SCRAM over STARTTLS", arguments: LiveServer.all)
    func scram(server: LiveServer) async throws {
        for index in server.accounts.indices {
            let connection = try await connect(try server.user(index, resource: "agent-\(index)"))
            #expect(connection.jid.bare == (try JID(server.accounts[index])))
            #expect(connection.jid.resource == "agent-\(index)")
            try await check(connection)
        }
    }

    @Test("SCRAM over direct TLS", arguments: LiveServer.all)
    func directTLS(server: LiveServer) async throws {
        var configuration = try server.user(0)
        configuration.security = .directTLS
        configuration.port = server.ports.directTLS
        try await check(try await connect(configuration))
    }

    @Test("In plain text these servers offer no login, and we say so", arguments: LiveServer.main)
    func plaintext(server: LiveServer) async throws {
        var configuration = try server.user(0)
        configuration.security = .plaintextLoopback
        #expect(await error(configuration)?.authenticationCondition == "invalid-mechanism")
    }

    @Test("ANONYMOUS: the server makes up the address", arguments: LiveServer.all)
    func anonymous(server: LiveServer) async throws {
        let configuration = ClientConfiguration(
            jid: try JID(server.domains.factory), host: server.host, port: server.ports.client,
            credentials: .anonymous, trustRoots: .file(server.caFile))
        let connection = try await connect(configuration)
        #expect(connection.jid.localpart != nil)
        #expect(connection.jid.domain == server.domains.factory)
        try await check(connection)
    }

    @Test("EXTERNAL: the certificate says who we are, over STARTTLS and direct TLS", arguments: LiveServer.main)
    func external(server: LiveServer) async throws {
        var configuration = try server.certificate(server.station)
        let connection = try await connect(configuration)
        #expect(connection.jid.bare == (try JID(server.station.jid)))
        try await check(connection)
        configuration.security = .directTLS
        configuration.port = server.ports.directTLS
        try await check(try await connect(configuration))
    }

    @Test("A certificate of a foreign CA does not let us in", arguments: LiveServer.main)
    func untrusted(server: LiveServer) async throws {
        let error = try #require(await error(try server.certificate(server.stranger)))
        let isRefused = error.authenticationCondition != nil || error.code == .tls || error.code == .closed
        #expect(isRefused, "\(error)")
    }

    @Test("Failures have their codes", arguments: LiveServer.all)
    func failures(server: LiveServer) async throws {
        var wrong = try server.user(0)
        wrong.credentials = .password("not the password")
        #expect(await error(wrong)?.authenticationCondition == "not-authorized")
        var stranger = try server.user(0)
        stranger.trustRoots = .file(server.stranger.certificate)
        #expect(await error(stranger)?.code == .tls, "a server whose CA we do not know")
        var misnamed = try server.user(0)
        misnamed.serverName = "elsewhere.example"
        #expect(await error(misnamed)?.code == .tls, "a server whose certificate holds another name")
        misnamed.trustRoots = .insecureLoopback
        #expect(await error(misnamed) == nil)
        var nobody = try server.user(0)
        nobody.port = 1
        #expect(await error(nobody)?.code == .unreachable)
        var unknown = try server.user(0)
        unknown.jid = try JID("a@unknown.example")
        unknown.security = .plaintextLoopback
        #expect(await error(unknown)?.streamError?.condition == .hostUnknown)
        var hurried = try server.user(0)
        hurried.connectTimeout = .nanoseconds(1)
        #expect(await error(hurried)?.code == .timeout)
        var unreadable = try server.user(0)
        unreadable.trustRoots = .file("/nonexistent")
        #expect(await error(unreadable)?.code == .configuration)
    }

    @Test(
        "Two clients talk; pings are answered without the taker, and IQs refused once it is gone",
        arguments: LiveServer.all)
    func talk(server: LiveServer) async throws {
        let alice = try await connect(try server.user(0))
        let bob = try await connect(try server.user(1))
        try await alice.sendPresence()
        try await bob.sendPresence()
        let greeting = Element(XMLName("hello", "urn:example"), text: "é <&>")
        try await alice.send(.message(type: "chat", to: bob.jid, [greeting]))
        let payload = Element(XMLName("ask", "urn:example"))
        let taker = Task { () -> Element? in
            var heard: Element?
            for await stanza in bob.incoming {
                if let hello = stanza.payload, hello.isNamed(XMLName("hello", "urn:example")) { heard = hello.element }
                if stanza.request != nil {
                    try? await bob.send(stanza.result(Element(XMLName("answer", "urn:example"))))
                    return heard
                }
            }
            return nil
        }
        let answer = try await alice.request(.get, to: bob.jid, payload)
        #expect(answer.payload?.localName == "answer")
        #expect(answer.from == bob.jid)
        #expect(await taker.value?.text == "é <&>")
        let pong = try await alice.request(.get, to: bob.jid, Element(XMLName("ping", Namespaces.ping)))
        #expect(pong.type == "result")
        await #expect { try await alice.request(.set, to: bob.jid, payload) } throws: {
            ($0 as? ClientError)?.stanzaError?.condition == .serviceUnavailable
        }
        await alice.close()
        await bob.close()
    }

    @Test(
        "A request without an answer ends by its time, by cancellation, or with the connection",
        arguments: LiveServer.all)
    func unanswered(server: LiveServer) async throws {
        let alice = try await connect(try server.user(0))
        let bob = try await connect(try server.user(1))
        let silent = Task { for await _ in bob.incoming {} }
        let payload = Element(XMLName("ask", "urn:example"))
        await #expect { try await alice.request(.get, to: bob.jid, payload, timeout: .milliseconds(200)) } throws: {
            ($0 as? ClientError)?.code == .timeout
        }
        let cancelled = Task { try await alice.request(.get, to: bob.jid, payload) }
        try await Task.sleep(for: .milliseconds(50))
        cancelled.cancel()
        await #expect { try await cancelled.value } throws: { ($0 as? ClientError)?.code == .cancelled }
        let closing = Task { try await alice.request(.get, to: bob.jid, payload) }
        try await Task.sleep(for: .milliseconds(50))
        await alice.close()
        await #expect { try await closing.value } throws: { ($0 as? ClientError)?.code == .closed }
        await bob.close()
        await silent.value
    }

    @Test("A silent connection pings the server and lives; who takes nothing is cut off", arguments: LiveServer.all)
    func keepAlive(server: LiveServer) async throws {
        var configuration = try server.user(0)
        configuration.pingInterval = .milliseconds(100)
        configuration.deadAfter = .milliseconds(1500)
        configuration.incomingLimit = 3
        let alice = try await connect(configuration)
        try await Task.sleep(for: .seconds(2))
        #expect(alice.end == nil)
        #expect(alice.unexpectedAnswers == 0)
        for _ in 0..<6 { try? await alice.send(.message(type: "normal", to: alice.jid, [Element(XMLName("x", "y"))])) }
        #expect(await alice.waitUntilClosed().code == .overloaded)
    }

    @Test("A stream error of the server is told: the same resource twice", arguments: LiveServer.all)
    func conflict(server: LiveServer) async throws {
        let first = try await connect(try server.user(0, resource: "same"))
        let second = try await connect(try server.user(0, resource: "same"))
        guard first.jid == second.jid else { return await second.close() }
        #expect(await first.waitUntilClosed().streamError?.condition == .conflict)
        await second.close()
    }

    @Test("A session logs in again after it was thrown out, until cancelled", arguments: LiveServer.all)
    func session(server: LiveServer) async throws {
        let lives = Mutex<[JID]>([])
        let session = ClientSession(
            try server.user(0, resource: "again"), group: MultiThreadedEventLoopGroup.singleton,
            logger: LogBook().logger,
            backoff: Backoff(shortest: .milliseconds(10), longest: .milliseconds(50)))
        let running = Task {
            await session.run { connection in
                let number = lives.withLock { lives in
                    lives.append(connection.jid)
                    return lives.count
                }
                switch number {
                case 1: return  // the work is done: another connection follows
                case 2: throw NotInTime(what: "anything")
                case 3: await connection.close()
                default: for await _ in connection.incoming {}
                }
            }
        }
        try await eventually("four lives") { lives.withLock { $0.count } >= 4 }
        running.cancel()
        await running.value
        #expect(lives.withLock { $0.count } == 4)
    }

    @Test("A hundred connections with one account share one TLS context", arguments: LiveServer.all)
    func many(server: LiveServer) async throws {
        let contexts = TLSContexts()
        let configuration = try server.user(0)
        let connections = try await withThrowingTaskGroup(of: XMPPClientConnection.self) { tasks in
            for _ in 0..<100 {
                tasks.addTask {
                    try await XMPPClientConnection.connect(
                        configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger,
                        tls: contexts)
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(connections.map(\.jid)).count == 100)
        #expect(contexts.count == 1)
        await withTaskGroup(of: Void.self) { tasks in
            for connection in connections { tasks.addTask { await connection.close() } }
        }
    }
}
