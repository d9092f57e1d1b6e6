// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import Testing
import XMPPTransport

@testable import XMPPComponent

@Suite("The configuration of a component link", .timeLimit(.minutes(1)))
struct ComponentConfigurationTests {
    private func run(_ configuration: ComponentConfiguration) async -> ComponentError.Code? {
        let link = ComponentLink(
            configuration: configuration, delegate: Recorder(), logger: LogBook().logger,
            group: MultiThreadedEventLoopGroup.singleton)
        do { try await link.run() } catch { return (error as? ComponentError)?.code }
        return nil
    }

    @Test("The secret shows nowhere")
    func secret() {
        let configuration = ComponentConfiguration(domain: "devices.example", secret: "s3cr3t", port: 1)
        var dumped = ""
        dump(configuration, to: &dumped)
        dump([configuration], to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), "\([configuration])", dumped] {
            #expect(!text.contains("s3cr3t"))
            #expect(text.contains("devices.example"))
        }
    }

    @Test("Plaintext goes to this machine only, unless allowed")
    func plaintext() async {
        for host in ["192.0.2.1", "2001:db8::1", "0.0.0.0"] {
            let configuration = ComponentConfiguration(domain: "devices.example", secret: "x", host: host, port: 5347)
            #expect(await run(configuration) == .plaintextRefused)
        }
        for (literal, isLocal) in [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("localhost", true), ("10.0.0.1", false),
        ] {
            #expect(Loopback.contains(literal: literal) == isLocal)
        }
        #expect(Loopback.contains(literal: "example.org") == nil)
    }

    @Test("What cannot work is refused at once")
    func nonsense() async {
        for (domain, secret, port) in [
            ("", "x", 1), ("a@b", "x", 1), ("a/b", "x", 1), ("ok.example", "", 1), ("ok.example", "x", 0),
            ("ok.example", "x", 65_536),
        ] {
            #expect(await run(ComponentConfiguration(domain: domain, secret: secret, port: port)) == .configuration)
        }
    }

    @Test("A link runs once at a time")
    func twice() async throws {
        let scene = LinkScene(server: try await FakeServer())
        try await scene.server.peer(0).open()
        try await scene.ready()
        await #expect(throws: ComponentError.self) { try await scene.link.run() }
        try await scene.end()
    }
}
