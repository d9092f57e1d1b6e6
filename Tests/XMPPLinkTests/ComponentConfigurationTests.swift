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

    @Test("Addresses and certificates that cannot work are refused at once, and say why")
    func addresses() async throws {
        let long = "/" + String(repeating: "x", count: ComponentServerAddress.longestPath - 1)
        for (address, security, expected) in [
            (.unixSocket("relative"), .plaintext, .configuration), (.unixSocket(""), .plaintext, .configuration),
            (.unixSocket(long + "x"), .plaintext, .configuration),
            (.unixSocket("/a\0b"), .plaintext, .configuration),
            (.unixSocket("/x"), .tls(trustRoots: .system), .configuration),
            (.host("localhost", port: 1), .tls(trustRoots: .file("/nonexistent")), .configuration),
            (.host("192.0.2.1", port: 1), .tls(trustRoots: .insecureLoopback), .plaintextRefused),
        ] as [(ComponentServerAddress, ComponentSecurity, ComponentError.Code)] {
            var configuration = ComponentConfiguration(domain: "devices.example", secret: "x", address: address)
            configuration.security = security
            #expect(await run(configuration) == expected, "\(address) \(security)")
        }
        for (address, security) in [
            (.unixSocket(long), .plaintext), (.unixSocket("/x"), .tls(trustRoots: .system, serverName: "x.example")),
            (.host("192.0.2.1", port: 65_535), .tls(trustRoots: .system)),
        ] as [(ComponentServerAddress, ComponentSecurity)] {
            var configuration = ComponentConfiguration(domain: "devices.example", secret: "x", address: address)
            configuration.security = security
            try configuration.check()
        }
        #expect("\(ComponentServerAddress.unixSocket("/x"))" == "unix:/x")
        #expect("\(ComponentServerAddress.host("::1", port: 1))" == "[::1]:1")
    }

    @Test("Plaintext that is allowed to leave this machine is warned of")
    func warning() async throws {
        for (host, isWarned) in [("192.0.2.1", true), ("127.0.0.1", false)] {
            let book = LogBook()
            var configuration = ComponentConfiguration(domain: "devices.example", secret: "x", host: host, port: 1)
            configuration.allowPlaintextBeyondLoopback = true
            configuration.handshakeTimeout = .milliseconds(50)
            let link = ComponentLink(
                configuration: configuration, delegate: Recorder(), logger: book.logger,
                group: MultiThreadedEventLoopGroup.singleton)
            let running = Task { try await link.run() }
            try await eventually("an attempt") { book.text.contains("component link down") }
            running.cancel()
            try await running.value
            #expect(book.text.contains("warning component link may cross the network unencrypted") == isWarned)
        }
    }

    @Test(
        "A secret that holds no 128 bits is warned of",
        arguments: [
            ("secret", true), (String(repeating: "a1", count: 15) + "f", true), (String(repeating: "a1", count: 16), false),
            (String(repeating: "zZ9", count: 7), true), (String(repeating: "zZ", count: 11), false),
        ])
    func weakSecret(secret: String, isWarned: Bool) async throws {
        let book = LogBook()
        let link = ComponentLink(
            configuration: ComponentConfiguration(domain: "devices.example", secret: secret, port: 1),
            delegate: Recorder(), logger: book.logger, group: MultiThreadedEventLoopGroup.singleton)
        let running = Task { try await link.run() }
        try await eventually("an attempt") { book.text.contains("component link down") }
        running.cancel()
        try await running.value
        #expect(book.text.contains("warning component secret has less than 128 bits") == isWarned)
        #expect(!book.text.contains(secret) || secret == "secret")
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
