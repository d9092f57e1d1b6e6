// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import StationDigest
import Synchronization
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPComponent

@Suite("A component link against a server in this process", .timeLimit(.minutes(1)))
struct ComponentLinkTests {
    @Test("Connects, proves the secret, sends and receives, and takes leave")
    func life() async throws {
        let scene = LinkScene(server: try await FakeServer())
        #expect(!scene.link.send(Array("<early/>".utf8)))
        let peer = try await scene.server.peer(0)
        let proof = try await peer.open(id: "id-1")
        #expect(proof == Hex.encode(Digest.sha1(Array("id-1s3cr3t-of-the-link".utf8))))
        try await scene.ready()
        #expect(scene.link.isReady)
        peer.send("<iq type='get' id='1' from='a@example' to='devices.example'><ping xmlns='urn:xmpp:ping'/></iq>")
        try await eventually("a stanza") { scene.recorder.elements.count == 1 }
        #expect(scene.recorder.elements.first?["from"] == "a@example")
        #expect(scene.link.send(.message(to: try JID("a@example"), [Element(XMLName("x", "y"), text: "é<")])))
        try await peer.wait(for: "</message>")
        #expect(peer.text.contains("from='devices.example'"))
        #expect(
            !scene.link.send(.message(from: try JID("other.example"), to: try JID("a@example"))), "a foreign sender")
        await scene.link.shutdown()
        try await peer.wait(for: "</message></stream:stream>")
        try await scene.running.value
        #expect(!scene.link.isReady)
        #expect(scene.recorder.lost.count == 1)
        try await scene.end()
    }

    @Test("Stanzas that share a read with the answer to the handshake arrive, in order")
    func together() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open(
            answer: "<handshake/><message id='1'/><presence id='2' type='probe'><x xmlns='u'>t</x></presence>")
        try await eventually("two stanzas") { scene.recorder.elements.count == 2 }
        #expect(scene.recorder.elements.map { $0["id"] } == ["1", "2"])
        #expect(scene.recorder.elements.last?.firstChild(XMLName("x", "u"))?.text == "t")
        try await scene.end()
    }

    @Test(
        "A stranger's stanza that goes too far does not end the link for all: its head is reported, and what follows arrives",
        arguments: [
            String(repeating: "<a>", count: 30) + String(repeating: "</a>", count: 30),
            "<a " + (0..<65).map { "a\($0)='' " }.joined() + "/>", "<a xmlns='\(String(repeating: "u", count: 257))'/>",
            "<a b='\(String(repeating: "v", count: 70_000))'/>", String(repeating: "&apos;", count: 50_000), "<q:a/>",
        ])
    func poison(content: String) async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        peer.send("<message id='1'/><message id='2' from='mallory@example/x'>\(content)</message><message id='3'/>")
        try await eventually("the stanza behind it") { scene.recorder.elements.count == 3 }
        #expect(scene.recorder.elements.map { $0["id"] } == ["1", "2", "3"])
        #expect(scene.recorder.elements[1].firstChild(XMLStreamParser.refused) != nil)
        #expect(scene.recorder.lost.isEmpty)
        try await scene.end()
    }

    @Test("Nothing is lost of a read that holds something of the link's own, however large it is once escaped")
    func togetherAtTheLimit() async throws {
        let scene = LinkScene(server: try await FakeServer()) { $0.limits.stanzaBytes = 20_000 }
        let peer = try await scene.server.peer(0)
        let text = String(repeating: ">", count: 10_000)
        try await peer.open(answer: "<handshake/><message id='1'><body>\(text)</body></message><message id='2'/>")
        try await eventually("two stanzas") { scene.recorder.elements.count == 2 }
        #expect(scene.recorder.elements.first?.elements.first?.text == text)
        peer.send(
            "<message id='3'><body>\(text)</body></message>"
                + "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
        try await eventually("the third") { scene.recorder.elements.count == 3 }
        #expect(scene.recorder.elements.last?.elements.first?.text == text)
        try await scene.end()
    }

    @Test("A link that is stopped while it connects leaves no connection behind")
    func stoppedWhileConnecting() async throws {
        let server = try await FakeServer()
        var bits = Bits(seed: 1)
        for _ in 0..<100 {
            let scene = LinkScene(server: server)
            try await Task.sleep(for: .microseconds(Int(bits.next() % 1500)))
            await scene.link.shutdown()
            scene.running.cancel()
            try await scene.running.value
        }
        // What is on its way is still taken; afterwards nobody knocks again.
        try await Task.sleep(for: .milliseconds(250))
        let connections = server.connections
        #expect(connections <= 100)
        try await Task.sleep(for: .milliseconds(100))
        #expect(server.connections == connections)
        for index in 0..<server.connections {
            let peer = try await server.peer(index)
            try await eventually("the end of connection \(index)") { peer.isClosed }
        }
        await server.stop()
    }

    @Test("A connection that is reset is made anew")
    func reset() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        peer.send("<message id='1'/>")
        try await eventually("a stanza") { scene.recorder.elements.count == 1 }
        try await peer.reset()
        try await scene.server.peer(1).open()
        try await scene.ready(2)
        #expect(scene.recorder.lost.count == 1)
        try await scene.end()
    }

    @Test("A server that hangs up is connected to again")
    func reconnect() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let first = try await scene.server.peer(0)
        try await first.open()
        try await scene.ready()
        first.close()
        let second = try await scene.server.peer(1)
        try await second.open(id: "other")
        try await scene.ready(2)
        #expect(scene.recorder.lost.count == 1)
        #expect(scene.link.send(Array("<message id='again'/>".utf8)))
        try await second.wait(for: "again")
        second.send("<message id='last'/></stream:stream>")
        let third = try await scene.server.peer(2)
        try await third.open()
        try await scene.ready(3)
        #expect(scene.recorder.elements.map { $0["id"] } == ["last"])
        #expect(second.text.hasSuffix("</stream:stream>"), "an end of the stream is answered")
        try await scene.end()
    }

    @Test("Nothing listens: said and tried again")
    func unreachable() async throws {
        let server = try await FakeServer()
        let port = server.port
        await server.stop()
        let scene = LinkScene(server: server) { $0.address = .host("127.0.0.1", port: port) }
        try await eventually("a second attempt") { scene.log.text.split(separator: "\n").count >= 2 }
        #expect(scene.log.text.contains("cannot connect to 127.0.0.1:"))
        try await scene.end()
    }

    static let refusals = [
        (
            "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
            "does not accept the component secret for devices.example; check"
        ),
        ("", "does not accept the component secret for devices.example; check"),
        (
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
            "connected already; check that no other instance"
        ),
        (
            "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
            "knows no component named devices.example; check"
        ),
    ]

    @Test("A refusal is explained in clear words, without the secret, and tried again", arguments: refusals)
    func refused(answer: String, sentence: String) async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open(answer: answer)
        if !answer.isEmpty { try await eventually("closed by the link") { peer.isClosed } }
        peer.close()
        let second = try await scene.server.peer(1)
        try await second.open(id: "2")
        try await scene.ready()
        #expect(scene.log.text.contains(sentence))
        #expect(!scene.log.text.contains("s3cr3t"))
        #expect(scene.recorder.lost.isEmpty, "the delegate was never told that it is ready")
        try await scene.end()
    }

    @Test("A conflict on a ready link delivers what came before, then reconnects")
    func takenOver() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        peer.send(
            "<message id='1'/><stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        )
        _ = try await scene.server.peer(1)
        #expect(scene.recorder.elements.map { $0["id"] } == ["1"])
        #expect(scene.recorder.lost.first?.contains("connected already") == true)
        try await scene.end()
    }

    @Test(
        "XML that a stream must not hold ends the connection, after the stanzas before it",
        arguments: [
            "<!-- no -->", "<?no pi?>", "<a></b>", "<message>&nbsp;</message>", "<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        ])
    func broken(bytes: String) async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        peer.send("<message id='1'/>" + bytes)
        _ = try await scene.server.peer(1)
        #expect(scene.recorder.elements.map { $0["id"] } == ["1"])
        #expect(scene.recorder.lost.first?.contains("not accepted") == true)
        #expect(scene.log.text.contains("component link down"))
        try await scene.end()
    }

    @Test("A document type before the header ends the connection")
    func documentType() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await eventually("a header") { peer.text.contains("<stream:stream") }
        peer.send("<!DOCTYPE stream:stream [<!ENTITY a 'x'>]><stream:stream xmlns='jabber:component:accept'")
        peer.send(" xmlns:stream='http://etherx.jabber.org/streams' from='devices.example' id='1'>")
        _ = try await scene.server.peer(1)
        try await scene.end()
    }

    @Test("A silent server is pinged, and given up; the ping that comes back is not delivered")
    func keepAlive() async throws {
        let scene = LinkScene(server: try await FakeServer()) {
            $0.pingInterval = .milliseconds(100)
            $0.deadAfter = .milliseconds(300)
        }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        for round in 1...3 {
            try await eventually("ping \(round)") { peer.text.split(separator: "</iq>").count == round }
            let ping = String(try #require(peer.text.split(separator: "</iq>").last)) + "</iq>"
            #expect(ping.contains("from='devices.example'"))
            #expect(ping.contains("to='devices.example'"))
            // The last round shares its read with stanzas of others.
            // jabberd2 hands it back in the namespace of clients.
            let returned = round == 2 ? ping.replacing("<iq ", with: "<iq xmlns='jabber:client' ") : ping
            peer.send(round < 3 ? returned : "<message id='a'/>\(ping)<message id='b'/>")
        }
        try await eventually("the stanzas around the ping") { scene.recorder.elements.count == 2 }
        #expect(scene.recorder.elements.map { $0["id"] } == ["a", "b"])
        _ = try await scene.server.peer(1)
        #expect(scene.recorder.lost.first?.contains("nothing was heard") == true)
        try await scene.end()
    }

    @Test("A server that accepts and then says nothing is given up")
    func handshakeTimeout() async throws {
        let scene = LinkScene(server: try await FakeServer()) { $0.handshakeTimeout = .milliseconds(100) }
        _ = try await scene.server.peer(1)
        #expect(scene.log.text.contains("did not answer during the handshake"))
        try await scene.end()
    }

    @Test("Stanzas cut into single bytes, in both directions, are the same stanzas")
    func singleBytes() async throws {
        let scene = LinkScene(server: try await FakeServer(readSize: 1))
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        for number in 0..<20 {
            let body = Element(XMLName("json", Namespaces.json), text: "{\"n\":\(number),\"t\":\"é – 𝄞 <&>\"}")
            OutgoingStanza.message(id: "m\(number)", from: try JID("devices.example"), [body]).write(into: &writer)
        }
        let bytes = writer.take()
        for byte in bytes {
            peer.send([byte])
            if byte == UInt8(ascii: ">") { try await Task.sleep(for: .microseconds(200)) }
        }
        try await eventually("all stanzas") { scene.recorder.elements.count == 20 }
        #expect(scene.recorder.elements.map { $0["id"] } == (0..<20).map { "m\($0)" })
        #expect(scene.recorder.elements.last?.elements.first?.text == "{\"n\":19,\"t\":\"é – 𝄞 <&>\"}")
        #expect(scene.link.send(bytes))
        try await eventually("all bytes") { peer.count >= bytes.count }
        #expect(Array(peer.received.prefix(bytes.count)) == bytes)
        #expect(peer.received.dropFirst(bytes.count).allSatisfy { $0 == 0x20 })
        try await scene.end()
    }
}
