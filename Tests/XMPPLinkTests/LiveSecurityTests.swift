// SPDX-License-Identifier: Apache-2.0
import LiveServers
import NIOPosix
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient
@testable import XMPPComponent

@Suite(
    "TLS, Unix sockets and JSON on real servers", .serialized,
    .enabled(if: !LiveServer.all.isEmpty, "no live server is configured"))
struct LiveSecurityTests {
    /// Ready, and a ping to ourselves goes through the server and back.
    private func check(_ scene: LiveScene) async throws {
        try await scene.ready()
        let ping = Element(XMLName("ping", Namespaces.ping))
        let domain = try JID(scene.link.configuration.domain)
        #expect(scene.link.send(.iq(.get, id: "through", from: domain, to: domain, ping)))
        try await eventually("the stanza come back") { scene.recorder.elements.contains { $0["id"] == "through" } }
        try await scene.end()
    }

    private func overTLS(
        _ server: LiveServer, trust: TrustRoots? = nil, name: String? = nil, host: String? = nil,
        _ framing: StreamFraming = .xml
    ) -> LiveScene {
        LiveScene(server) {
            $0.address = .host(host ?? server.host, port: server.ports.componentTLS)
            $0.security = .tls(trustRoots: trust ?? .file(server.caFile), serverName: name)
            $0.framing = framing
            $0.handshakeTimeout = .seconds(2)
        }
    }

    @Test("A component over TLS: by address, by name, and by a name of its own", arguments: LiveServer.main)
    func tls(server: LiveServer) async throws {
        try await check(overTLS(server))
        try await check(overTLS(server, host: "localhost"))
        try await check(overTLS(server, name: server.domains.component))
        try await check(overTLS(server, trust: .insecureLoopback))
    }

    @Test("A server whose certificate does not fit is not told the secret", arguments: LiveServer.main)
    func falseServer(server: LiveServer) async throws {
        for scene in [
            overTLS(server, name: "elsewhere.example"), overTLS(server, trust: .file(server.stranger.certificate)),
            overTLS(server, trust: .system),
        ] {
            try await eventually("two refusals") {
                scene.log.text.split(separator: "\n").filter { $0.contains("TLS") || $0.contains("certificate") }.count
                    >= 2
            }
            #expect(scene.recorder.ready == 0)
            try await scene.end()
        }
    }

    @Test("A component over a Unix socket", arguments: LiveServer.all.filter { !$0.componentSocket.isEmpty })
    func unixSocket(server: LiveServer) async throws {
        for framing in StreamFraming.allCases {
            try await check(
                LiveScene(server) {
                    $0.address = .unixSocket(server.componentSocket)
                    $0.framing = framing
                })
        }
    }

    @Test("JSON is refused, and a working link in XML is what becomes of it", arguments: LiveServer.all)
    func json(server: LiveServer) async throws {
        let scene = LiveScene(server) {
            $0.framing = .json
            $0.backoff = Backoff(shortest: .seconds(30), longest: .seconds(30))
        }
        try await check(scene)
        #expect(scene.log.text.contains("does not read JSON"))
    }

    @Test("The same over TLS", arguments: LiveServer.main)
    func jsonOverTLS(server: LiveServer) async throws {
        try await check(overTLS(server, .json))
    }

    @Test("A client that prefers JSON logs in in XML", arguments: LiveServer.all)
    func client(server: LiveServer) async throws {
        for security in [ClientConfiguration.Security.startTLS, .directTLS] {
            var configuration = try server.user(0)
            configuration.security = security
            configuration.framing = .json
            configuration.connectTimeout = .seconds(10)
            if security == .directTLS { configuration.port = server.ports.directTLS }
            let connection = try await XMPPClientConnection.connect(
                configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger)
            #expect(connection.framing == .xml)
            await connection.close()
        }
    }
}
