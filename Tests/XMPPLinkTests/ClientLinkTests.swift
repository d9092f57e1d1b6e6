// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient

@Suite("A client against a server in this process", .timeLimit(.minutes(1)))
struct ClientLinkTests {
    static let header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
    static let mechanisms =
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism>"
        + "</mechanisms></stream:features>"
    static let bind = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
    private let ping = Element(XMLName("ping", Namespaces.ping))

    static func configuration(_ server: FakeServer) throws -> ClientConfiguration {
        ClientConfiguration(
            jid: try JID("example.org"), host: "127.0.0.1", port: server.port, security: .plaintextLoopback,
            credentials: .anonymous)
    }

    static func connecting(_ configuration: ClientConfiguration) -> Task<XMPPClientConnection, any Error> {
        Task {
            try await XMPPClientConnection.connect(
                configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger)
        }
    }

    static func value(of attribute: String, in text: String) throws -> String {
        let parts = text.split(separator: "\(attribute)='", maxSplits: 1)
        return String(try #require(parts.last?.split(separator: "'").first))
    }

    /// The server's side of an anonymous login.
    static func admit(_ peer: FakePeer, _ send: (String) async throws -> Void) async throws {
        try await peer.wait(for: "version='1.0'>")
        try await send(Self.header + Self.mechanisms)
        try await peer.wait(for: "mechanism='ANONYMOUS'")
        peer.forget()
        try await send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        try await peer.wait(for: "version='1.0'>")
        try await send(Self.header + Self.bind)
        try await peer.wait(for: "</iq>")
        let id = try Self.value(of: "id", in: String(try #require(peer.text.split(separator: "<iq").last)))
        peer.forget()
        try await send(
            "<iq type='result' id='\(id)'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>x@example.org/1</jid></bind></iq>"
        )
    }

    private func live(
        _ change: (inout ClientConfiguration) -> Void = { _ in }
    ) async throws -> (FakeServer, FakePeer, XMPPClientConnection) {
        let server = try await FakeServer()
        var configuration = try Self.configuration(server)
        change(&configuration)
        let connecting = Self.connecting(configuration)
        let peer = try await server.peer(0)
        try await Self.admit(peer) { peer.send($0) }
        return (server, peer, try await connecting.value)
    }

    @Test("A login cut into single bytes is the same login")
    func singleBytes() async throws {
        let server = try await FakeServer(readSize: 1)
        let connecting = Self.connecting(try Self.configuration(server))
        let peer = try await server.peer(0)
        try await Self.admit(peer) { text in
            for byte in Array(text.utf8) {
                peer.send([byte])
                if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "'") {
                    try await Task.sleep(for: .microseconds(100))
                }
            }
        }
        let connection = try await connecting.value
        #expect(connection.jid == (try JID("x@example.org/1")))
        peer.close()
        #expect(await connection.waitUntilClosed().code == .closed)
        await server.stop()
    }

    @Test("Forged and late answers are ignored and counted; the true one counts")
    func forged() async throws {
        let (server, peer, connection) = try await live()
        let asked = try JID("devices.example.org")
        let request = Task { try await connection.request(.get, to: asked, ping) }
        try await peer.wait(for: "</iq>")
        let id = try Self.value(of: "id", in: peer.text)
        peer.send("<iq type='result' id='\(id)' from='evil.example.org'/>")
        peer.send("<iq type='result' id='\(id)'/>")
        peer.send("<iq type='result' id='1' from='devices.example.org'/>")
        try await eventually("three to be counted") { connection.unexpectedAnswers == 3 }
        peer.send("<iq type='result' id='\(id)' from='devices.example.org'><yes xmlns='u'/></iq>")
        #expect(try await request.value.payload?.localName == "yes")
        peer.send("<iq type='result' id='\(id)' from='devices.example.org'/>")
        try await eventually("the late one to be counted") { connection.unexpectedAnswers == 4 }
        peer.send("<iq type='get' id='p' from='a@example.org/x'><ping xmlns='urn:xmpp:ping'/></iq>")
        try await peer.wait(for: "id='p'")
        #expect(peer.text.contains("to='a@example.org/x'"))
        peer.close()
        await server.stop()
    }

    @Test("Requests that are posted in turn leave in turn, and one whose answer nobody awaits does no harm")
    func posted() async throws {
        let (server, peer, connection) = try await live()
        let asked = try JID("devices.example.org")
        var last: PostedRequest?
        for number in 0..<200 {
            last = connection.post(.iq(.get, id: nil, to: asked, Element(XMLName("n\(number)", "u"))), to: asked)
        }
        try await peer.wait(for: "<n199")
        let numbers = peer.text.split(separator: "<n").dropFirst().map { $0.prefix { $0.isNumber } }
        #expect(numbers == (0..<200).map { "\($0)" })
        let ids = peer.text.split(separator: "id='").dropFirst().map { $0.prefix { $0 != "'" } }
        peer.send("<iq type='result' id='\(try #require(ids.last))' from='devices.example.org'/>")
        #expect(try await last?.answer().type == "result")
        peer.close()
        #expect(await connection.waitUntilClosed().code == .closed)
        #expect(connection.post(.iq(.get, id: nil, to: asked, ping), to: asked).isRefused)
        await server.stop()
    }

    @Test("A server that falls silent is pinged, then given up")
    func silence() async throws {
        let (server, peer, connection) = try await live {
            $0.pingInterval = .milliseconds(50)
            $0.deadAfter = .milliseconds(150)
        }
        let request = Task { try await connection.request(.get, to: try JID("example.org"), ping) }
        #expect(await connection.waitUntilClosed().code == .silent)
        await #expect { try await request.value } throws: { ($0 as? ClientError)?.code == .closed }
        #expect(peer.text.contains("urn:xmpp:ping"))
        await server.stop()
    }

    @Test(
        "An error of the stream, broken XML and the end of the stream are told apart",
        arguments: [
            (
                "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
                ClientError.Code.stream(StreamError(.conflict))
            ),
            ("<!-- no -->", .protocolViolation), ("</stream:stream>", .closed),
            ("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", nil),
        ])
    func ends(text: String, code: ClientError.Code?) async throws {
        let (server, peer, connection) = try await live()
        peer.send("<message id='before'/>" + text)
        if code == nil { peer.close() }
        var seen: [String?] = []
        for await stanza in connection.incoming { seen.append(stanza.id) }
        #expect(seen.prefix(1) == ["before"])
        if let code { #expect(connection.end?.code == code) }
        await server.stop()
    }

    @Test("What is slipped in behind <proceed/> counts for nothing, and nothing of ours goes out in the clear")
    func injection() async throws {
        let server = try await FakeServer()
        var configuration = try Self.configuration(server)
        configuration.security = .startTLS
        configuration.connectTimeout = .seconds(1)
        let connecting = Self.connecting(configuration)
        let peer = try await server.peer(0)
        try await peer.wait(for: "version='1.0'>")
        peer.send(
            Self.header + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>")
        try await peer.wait(for: "<starttls")
        peer.forget()
        peer.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + Self.mechanisms)
        await #expect(throws: ClientError.self) { _ = try await connecting.value }
        #expect(peer.received.first == 0x16, "a TLS handshake record")
        #expect(!peer.text.contains("ANONYMOUS"))
        #expect(!peer.text.contains("<stream"))
        await server.stop()
    }

    @Test("A cancelled attempt ends at once")
    func cancelled() async throws {
        let server = try await FakeServer()
        let connecting = Self.connecting(try Self.configuration(server))
        let peer = try await server.peer(0)
        connecting.cancel()
        await #expect { _ = try await connecting.value } throws: { ($0 as? ClientError)?.code == .cancelled }
        try await eventually("closed") { peer.isClosed }
        await server.stop()
    }

    @Test("A server that does not read: sends fail beyond the limit, and succeed again when it reads on")
    func slowServer() async throws {
        let limit = 1 << 20
        let server = try await FakeServer(receiveBuffer: 16_384)
        var configuration = try Self.configuration(server)
        configuration.queueBytes = limit
        let connecting = Self.connecting(configuration)
        let peer = try await server.peer(0)
        try await Self.admit(peer) { peer.send($0) }
        let connection = try await connecting.value
        try await peer.setReading(false)
        let text = String(repeating: "x", count: 50_000)
        let stanza = OutgoingStanza.message(to: try JID("a@b"), [Element(XMLName("x", "y"), text: text)])
        var refusal: ClientError?
        for _ in 0..<2000 where refusal == nil {
            do throws(ClientError) { try await connection.send(stanza) } catch { refusal = error }
            if refusal == nil { try await Task.sleep(for: .microseconds(200)) }
        }
        #expect(refusal?.code == .overloaded)
        #expect(connection.end == nil, "the connection is not given up")
        try await peer.setReading(true)
        let end = ContinuousClock.now + .seconds(10)
        var isSent = false
        while !isSent, ContinuousClock.now < end {
            do throws(ClientError) {
                try await connection.send(stanza)
                isSent = true
            } catch { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(isSent)
        await connection.close()
        await server.stop()
    }

    @Test("Stanzas that nobody takes are counted in bytes, and one past the limit closes the connection")
    func incomingBytes() async throws {
        let (server, peer, connection) = try await live { $0.incomingBytes = 20_000 }
        let stanza = "<message><x>\(String(repeating: "x", count: 9_900))</x></message>"
        peer.send(stanza)
        peer.send(stanza)
        try await Task.sleep(for: .milliseconds(100))
        #expect(connection.end == nil)
        peer.send(stanza)
        #expect(await connection.waitUntilClosed().code == .overloaded)
        var taken = 0
        for await _ in connection.incoming { taken += 1 }
        #expect(taken == 2, "what was there can still be taken")
        await server.stop()
    }
}
