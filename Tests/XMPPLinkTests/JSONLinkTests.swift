// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient
@testable import XMPPComponent

@Suite("Links in JSON (XEP-0295) against a server in this process", .timeLimit(.minutes(1)))
struct JSONLinkTests {
    private static let header =
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='devices.example'>"
    private static let notWellFormed =
        "<?xml version='1.0'?>\(header)<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"

    private func json(_ pieces: String...) -> String {
        pieces.map { String(decoding: JSONStreamWriter.object($0.utf8), as: UTF8.self) }.joined()
    }

    private func scene(
        readSize: Int = 65_536, _ change: (inout ComponentConfiguration) -> Void = { _ in }
    ) async throws -> LinkScene {
        LinkScene(server: try await FakeServer(readSize: readSize)) {
            $0.framing = .json
            change(&$0)
        }
    }

    private func open(_ peer: FakePeer) async throws {
        try await peer.wait(for: "{\"s\":\"<stream:stream")
        #expect(peer.received.first == UInt8(ascii: "{"), "an open brace as the first octet")
        #expect(!peer.text.contains("<?xml"))
        peer.send(json(Self.header))
        try await peer.wait(for: "</handshake>\"}")
        peer.forget()
        peer.send(json("<handshake/>"))
    }

    @Test("A component speaks JSON with a server that does, from the first octet to the last")
    func component() async throws {
        let scene = try await scene()
        let peer = try await scene.server.peer(0)
        try await open(peer)
        try await scene.ready()
        peer.send(json("<message id='1'><x xmlns='y'>\"é\\</x></message>", " ", "<presence id='2'/><presence id='3'/>"))
        try await eventually("three stanzas") { scene.recorder.elements.count == 3 }
        #expect(scene.recorder.batches == 1, "one read, one batch")
        #expect(scene.recorder.elements.first?.elements.first?.text == "\"é\\")
        #expect(scene.link.send(.message(id: "a", to: try JID("a@b"), [Element(XMLName("x", "y"), text: "\"\\é")])))
        #expect(scene.link.send(.presence(to: try JID("a@b"))))
        try await peer.wait(for: "\"}{\"s\":\"<presence")
        #expect(peer.text.contains(#"\"\\é</x></message>"}"#))
        await scene.link.shutdown()
        try await peer.wait(for: "\"}{\"s\":\"</stream:stream>\"}")
        try await scene.end()
    }

    @Test("Cut into single bytes both ways, it is the same")
    func singleBytes() async throws {
        let scene = try await scene(readSize: 1)
        let peer = try await scene.server.peer(0)
        try await open(peer)
        try await scene.ready()
        for byte in json("<message id='1'>\u{1D11E}</message>", "<message id='2'/>").utf8 {
            peer.send([byte])
            if byte == UInt8(ascii: "}") { try await Task.sleep(for: .microseconds(500)) }
        }
        try await eventually("two stanzas") { scene.recorder.elements.count == 2 }
        #expect(scene.recorder.elements.first?.text == "\u{1D11E}")
        try await scene.end()
    }

    @Test(
        "A server that answers with an error, with nothing, or with silence gets XML at once, and stays with it",
        arguments: [notWellFormed, "", "silence"])
    func refused(answer: String) async throws {
        let scene = try await scene {
            $0.backoff = Backoff(shortest: .seconds(5), longest: .seconds(5))
            $0.handshakeTimeout = .milliseconds(200)
        }
        let first = try await scene.server.peer(0)
        try await first.wait(for: "{\"s\":")
        if !answer.isEmpty, answer != "silence" { first.send(answer) }
        if answer != "silence" { first.close() }
        let second = try await scene.server.peer(1)
        try await second.open()
        try await scene.ready()
        #expect(second.text.isEmpty || !second.text.contains("{"))
        #expect(scene.log.text.contains("does not read JSON"))
        #expect(scene.recorder.lost.isEmpty)
        try await scene.end()
    }

    @Test("XML is kept while it works; when it does not, JSON has another try")
    func again() async throws {
        let scene = try await scene()
        let first = try await scene.server.peer(0)
        try await first.wait(for: "{")
        first.close()
        let second = try await scene.server.peer(1)
        try await second.open()
        try await scene.ready()
        second.close()
        let third = try await scene.server.peer(2)
        try await third.wait(for: "<?xml")
        third.close()
        try await open(try await scene.server.peer(3))
        try await scene.ready(2)
        try await scene.end()
    }

    @Test("A server that spoke JSON and hangs up is spoken to in JSON again")
    func hangUp() async throws {
        let scene = try await scene()
        for number in 0..<3 {
            let peer = try await scene.server.peer(number)
            try await open(peer)
            try await scene.ready(number + 1)
            peer.close()
        }
        #expect(!scene.log.text.contains("does not read JSON"))
        try await scene.end()
    }

    @Test("A refused secret is not taken for refused JSON")
    func secret() async throws {
        let scene = try await scene()
        let first = try await scene.server.peer(0)
        try await first.wait(for: "{")
        first.send(json(Self.header))
        try await first.wait(for: "</handshake>")
        first.close()
        try await open(try await scene.server.peer(1))
        try await scene.ready()
        #expect(scene.log.text.contains("does not accept the component secret"))
        try await scene.end()
    }

    @Test(
        "Hostile objects end the connection, after the stanzas before them",
        arguments: [
            "{\"s\":{\"s\":", "{\"t\":\"\"}", "<message/>", "{\"s\":\"\\ud800\"}", "{\"s\":\"<message\"}",
            "{\"s\":\"<a></b>\"}", "{\"s\":\"<!-- no -->\"}", "{\"s\":\"<!DOCTYPE a>\"}",
            "{\"s\":\"\(String(repeating: "<a>", count: 30))\"}", "{\"s\":\"\(String(repeating: "x", count: 9000))",
            "{\(String(repeating: " ", count: 50_000))", "{\"s\":\"<a b='\(String(repeating: "x", count: 4500))'/>\"}",
        ])
    func hostile(bytes: String) async throws {
        let scene = try await scene { $0.limits.stanzaBytes = 4096 }
        let peer = try await scene.server.peer(0)
        try await open(peer)
        try await scene.ready()
        peer.send(json("<message id='1'/>") + bytes)
        _ = try await scene.server.peer(1)
        #expect(scene.recorder.elements.map { $0["id"] } == ["1"])
        #expect(scene.recorder.lost.first?.contains("not accepted") == true)
        try await scene.end()
    }

    @Test("A stanza at the limit passes, however it is escaped; one byte more does not")
    func limit() async throws {
        let scene = try await scene { $0.limits.stanzaBytes = 4096 }
        let peer = try await scene.server.peer(0)
        try await open(peer)
        try await scene.ready()
        let text = String(repeating: "x", count: 4096 - 19)
        peer.send(json("<message>\(text)</message>"))
        peer.send(json("<message>" + String(repeating: "\"", count: 4077) + "</message>"))
        try await eventually("both") { scene.recorder.elements.count == 2 }
        peer.send(json("<message>x\(text)</message>"))
        _ = try await scene.server.peer(1)
        #expect(scene.recorder.elements.count == 2)
        try await scene.end()
    }

    // MARK: The client

    /// Puts each element of what a server says into an object, and the header, too.
    private func pieces(_ text: String) -> String {
        guard text.hasPrefix(ClientLinkTests.header) else {
            return String(decoding: JSONStreamWriter.objects(Array(text.utf8)), as: UTF8.self)
        }
        return json(ClientLinkTests.header) + pieces(String(text.dropFirst(ClientLinkTests.header.count)))
    }

    @Test("A client logs in and talks in JSON; cut into single bytes as well", arguments: [1, 65_536])
    func client(readSize: Int) async throws {
        let server = try await FakeServer(readSize: readSize)
        var configuration = try ClientLinkTests.configuration(server)
        configuration.framing = .json
        let connecting = ClientLinkTests.connecting(configuration)
        let peer = try await server.peer(0)
        try await ClientLinkTests.admit(peer) { text in
            let bytes = Array(pieces(text).utf8)
            guard readSize == 1 else { return peer.send(bytes) }
            for byte in bytes {
                peer.send([byte])
                if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "\"") {
                    try await Task.sleep(for: .microseconds(200))
                }
            }
        }
        let connection = try await connecting.value
        #expect(connection.framing == .json)
        try await connection.send(.message(to: try JID("a@b"), [Element(XMLName("x", "y"), text: "\"")]))
        try await peer.wait(for: #"\"</x></message>"}"#)
        peer.send(json("<message from='a@b'><x xmlns='y'/></message>"))
        var stanzas = connection.incoming.makeAsyncIterator()
        #expect(await stanzas.next()?.payload?.localName == "x")
        await connection.close()
        #expect(peer.text.hasSuffix("{\"s\":\"</stream:stream>\"}"))
        await server.stop()
    }

    @Test(
        "A client is refused in JSON and logs in in XML, in the same call", arguments: [notWellFormed, "", "silence"])
    func clientRefused(answer: String) async throws {
        let server = try await FakeServer()
        var configuration = try ClientLinkTests.configuration(server)
        configuration.framing = .json
        configuration.connectTimeout = .seconds(answer == "silence" ? 2 : 20)
        let connecting = ClientLinkTests.connecting(configuration)
        let first = try await server.peer(0)
        try await first.wait(for: "{")
        if !answer.isEmpty, answer != "silence" { first.send(answer) }
        if answer != "silence" { first.close() }
        let second = try await server.peer(1)
        try await ClientLinkTests.admit(second) { second.send($0) }
        let connection = try await connecting.value
        #expect(connection.framing == .xml)
        await connection.close()
        await server.stop()
    }

    @Test("A server that answers in JSON and hangs up during the login is not asked again in XML")
    func clientHangUp() async throws {
        let server = try await FakeServer()
        var configuration = try ClientLinkTests.configuration(server)
        configuration.framing = .json
        let connecting = ClientLinkTests.connecting(configuration)
        let peer = try await server.peer(0)
        try await peer.wait(for: "{")
        peer.send(json(ClientLinkTests.header))
        try await Task.sleep(for: .milliseconds(50))
        peer.close()
        await #expect { try await connecting.value } throws: { ($0 as? ClientError)?.code == .closed }
        #expect(server.connections == 1)
        await server.stop()
    }

    @Test("A refused login is not taken for refused JSON")
    func clientLogin() async throws {
        let server = try await FakeServer()
        var configuration = try ClientLinkTests.configuration(server)
        configuration.framing = .json
        let connecting = ClientLinkTests.connecting(configuration)
        let peer = try await server.peer(0)
        try await peer.wait(for: "{")
        peer.send(json(ClientLinkTests.header, "<stream:features/>"))
        await #expect { try await connecting.value } throws: {
            ($0 as? ClientError)?.authenticationCondition == "invalid-mechanism"
        }
        #expect(server.connections == 1)
        await server.stop()
    }
}
