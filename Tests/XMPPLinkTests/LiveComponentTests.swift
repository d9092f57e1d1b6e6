// SPDX-License-Identifier: Apache-2.0
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
    /// A running link with what can be seen of it.
    private struct Scene {
        let recorder: Recorder
        let log = LogBook()
        let link: ComponentLink
        let running: Task<Void, any Error>

        init(
            _ server: LiveServer, _ recorder: Recorder = Recorder(),
            _ change: (inout ComponentConfiguration) -> Void = { _ in }
        ) {
            var configuration = ComponentConfiguration(
                domain: server.domains.component, secret: server.secret, host: server.host,
                port: server.ports.component)
            configuration.backoff = Backoff(shortest: .milliseconds(100), longest: .milliseconds(200))
            change(&configuration)
            self.recorder = recorder
            let link = ComponentLink(
                configuration: configuration, delegate: recorder, logger: log.logger,
                group: MultiThreadedEventLoopGroup.singleton)
            self.link = link
            running = Task { try await link.run() }
        }

        func ready() async throws { try await eventually("a ready link") { [recorder] in recorder.ready > 0 } }

        func end() async throws {
            await link.shutdown()
            try await running.value
        }
    }

    @Test("A silent link pings itself through the server, lives, and shows nobody the pings", arguments: LiveServer.all)
    func keepAlive(server: LiveServer) async throws {
        let scene = Scene(server) {
            $0.pingInterval = .milliseconds(100)
            $0.deadAfter = .milliseconds(1500)
        }
        try await scene.ready()
        try await Task.sleep(for: .seconds(3))
        #expect(scene.link.isReady)
        #expect(scene.recorder.lost.isEmpty)
        #expect(scene.recorder.elements.isEmpty)
        try await scene.end()
    }

    @Test("A wrong secret is explained, and tried again", arguments: LiveServer.all)
    func wrongSecret(server: LiveServer) async throws {
        let scene = Scene(server) { $0.secret = "wrong" }
        try await eventually("two refusals") {
            scene.log.text.split(separator: "\n").filter { $0.contains("does not accept the component secret") }.count
                >= 2
        }
        #expect(scene.recorder.ready == 0)
        try await scene.end()
    }

    @Test("An unknown name is explained", arguments: LiveServer.all)
    func unknownName(server: LiveServer) async throws {
        let scene = Scene(server) { $0.domain = "unknown.example" }
        try await eventually("a refusal") { !scene.log.text.isEmpty }
        #expect(scene.log.text.contains("check"), "\(scene.log.text)")
        try await scene.end()
    }

    @Test("The client port is recognised as the wrong one", arguments: LiveServer.all)
    func wrongPort(server: LiveServer) async throws {
        let scene = Scene(server) { $0.port = server.ports.client }
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
        let scene = Scene(server, recorder)
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
