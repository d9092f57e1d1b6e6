// SPDX-License-Identifier: Apache-2.0
import Testing
import XMPPCore

@testable import XMPPClient

@Suite("The configuration of a client")
struct ClientConfigurationTests {
    private func code(_ configuration: ClientConfiguration) -> ClientError.Code? {
        do throws(ClientError) { try configuration.check() } catch { return error.code }
        return nil
    }

    @Test("What cannot work or is not safe is refused before connecting")
    func refused() throws {
        let user = try JID("user@example.org")
        func configuration(
            _ jid: JID, _ credentials: ClientConfiguration.Credentials, host: String = "127.0.0.1"
        ) -> ClientConfiguration {
            ClientConfiguration(jid: jid, host: host, port: 5222, credentials: credentials)
        }
        #expect(code(configuration(user, .password("x"))) == nil)
        #expect(code(configuration(user, .password(""))) == .configuration)
        #expect(code(configuration(user, .password("a\nb"))) == .configuration)
        #expect(code(configuration(try JID("example.org"), .password("x"))) == .configuration)
        var plain = configuration(user, .password("x"), host: "192.0.2.1")
        plain.security = .plaintextLoopback
        #expect(code(plain) == .configuration)
        plain.host = "::1"
        #expect(code(plain) == nil)
        plain.credentials = .certificate(chainPEM: "", keyPEM: "")
        #expect(code(plain) == .configuration)
        var blind = configuration(user, .password("x"), host: "192.0.2.1")
        blind.trustRoots = .insecureLoopback
        #expect(code(blind) == .configuration)
    }

    @Test("Passwords and keys show nowhere")
    func secrets() throws {
        for credentials in [
            ClientConfiguration.Credentials.password("s3cr3t"), .certificate(chainPEM: "c", keyPEM: "s3cr3t"),
        ] {
            let configuration = ClientConfiguration(
                jid: try JID("user@example.org"), host: "127.0.0.1", port: 5222, credentials: credentials)
            var dumped = ""
            dump(configuration, to: &dumped)
            for text in ["\(configuration)", String(reflecting: configuration), dumped] {
                #expect(!text.contains("s3cr3t"))
            }
        }
    }
}
