// SPDX-License-Identifier: Apache-2.0
import LiveServers
import NIOPosix
import Synchronization
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient
@testable import XMPPComponent

@Suite(
    "A component on real servers", .serialized, .enabled(if: !LiveServer.all.isEmpty, "no live server is configured"))
struct LiveComponentTests {
    @Test("A silent link pings itself through the server, lives, and shows nobody the pings", arguments: LiveServer.all)
    func keepAlive(server: LiveServer) async throws {
        let scene = LiveScene(server) {
            $0.pingInterval = .milliseconds(100)
            $0.deadAfter = .milliseconds(1500)
        }
        try await scene.ready()
        try await Task.sleep(for: .seconds(3))
        #expect(scene.link.isReady)
        #expect(scene.recorder.lost.isEmpty)
        // jabberd2 greets each component with questions of its own (disco#info from its session managers).
        let pings = scene.recorder.elements.filter { $0.elements.first?.name == XMLName("ping", Namespaces.ping) }
        #expect(pings.isEmpty)
        if server.server != "jabberd2" { #expect(scene.recorder.elements.isEmpty) }
        try await scene.end()
    }

    /// Servers read 1460, 4096 or 8192 bytes at once, and see a longer tag cut more than once.
    @Test("Nothing that is sent stays in the server until more comes, however it is cut", arguments: LiveServer.main)
    func nothingStays(server: LiveServer) async throws {
        let scene = LiveScene(server)
        try await scene.ready()
        let domain = server.domains.component
        var sent = 0
        func loop(_ bytes: String) async throws {
            sent += 1
            let count = sent
            #expect(scene.link.send(Array(bytes.utf8)))
            try await eventually("stanza \(count) of \(bytes.utf8.count) bytes", within: .seconds(2)) {
                scene.recorder.elements.count == count
            }
        }
        for length in [10, 1000, 2000, 3000, 5000, 9000, 20_000, 40_000, 60_000] {
            let id = String(repeating: "x", count: length)
            try await loop("<message from='\(domain)' to='\(domain)' id='\(id)'/>")
        }
        for length in Array(1440...1480) + Array(4080...4120) + Array(8180...8260) {
            let value = String(repeating: "x", count: length - 100)
            try await loop("<message from='\(domain)' to='\(domain)'><x a='\(value)'/></message>")
        }
        try await scene.end()
    }

    @Test("A wrong secret is explained, and tried again", arguments: LiveServer.all)
    func wrongSecret(server: LiveServer) async throws {
        let scene = LiveScene(server) { $0.secret = "wrong" }
        try await eventually("two refusals") {
            scene.log.text.split(separator: "\n").filter { $0.contains("does not accept the component secret") }.count
                >= 2
        }
        #expect(scene.recorder.ready == 0)
        try await scene.end()
    }

    /// jabberd2 takes any name from whoever knows the secret.
    @Test("An unknown name is explained", arguments: LiveServer.main)
    func unknownName(server: LiveServer) async throws {
        let scene = LiveScene(server) { $0.domain = "unknown.example" }
        try await eventually("a refusal") { !scene.log.text.isEmpty }
        #expect(scene.log.text.contains("check"), "\(scene.log.text)")
        try await scene.end()
    }

    @Test("The client port is recognised as the wrong one", arguments: LiveServer.all)
    func wrongPort(server: LiveServer) async throws {
        let scene = LiveScene(server) { $0.address = .host(server.host, port: server.ports.client) }
        try await eventually("a refusal") { !scene.log.text.isEmpty }
        #expect(scene.recorder.ready == 0)
        try await scene.end()
    }

    @Test("A client asks the component and is answered; many at once", arguments: LiveServer.all)
    func answers(server: LiveServer) async throws {
        let sending = Relay()
        let recorder = Recorder { batch in
            for element in batch {
                guard let stanza = try? Stanza(element), stanza.request != nil else { continue }
                sending.link?.send(
                    stanza.result(Element(XMLName("answer", "urn:example"), text: stanza.payload?.text ?? "")))
            }
        }
        let scene = LiveScene(server, recorder)
        sending.set(scene.link)
        try await scene.ready()
        let client = try await XMPPClientConnection.connect(
            try server.user(0), group: MultiThreadedEventLoopGroup.singleton, logger: scene.log.logger)
        let component = try JID(server.domains.component)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<300 {
                tasks.addTask {
                    let text = "\(number) " + String(repeating: "\"é\" ", count: number)
                    let answer = try await client.request(
                        .get, to: component, Element(XMLName("ask", "urn:example"), text: text))
                    #expect(answer.payload?.text == text)
                }
            }
            try await tasks.waitForAll()
        }
        await client.close()
        try await scene.end()
    }
}

/// Lets a delegate reach the link that is made after it.
final class Relay: Sendable {
    private let box = Mutex<ComponentLink?>(nil)
    var link: ComponentLink? { box.withLock { $0 } }
    func set(_ link: ComponentLink) { box.withLock { $0 = link } }
}
