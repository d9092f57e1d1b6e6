// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import XMPPClient
import XMPPCore

/// A real server to test against, as the environment describes it.
///
/// `STATIONMASTER_LIVE_PROSODY` and `STATIONMASTER_LIVE_EJABBERD` hold a JSON object, or the path of a file with one:
/// ```json
/// {
///   "host": "127.0.0.1",
///   "startTLS": 5222, "directTLS": 5223,
///   "trustRoots": "/path/ca.pem",
///   "component": {"port": 5347, "domain": "devices.localhost", "secret": "secret"},
///   "users": [{"jid": "alice@localhost", "password": "…"}, {"jid": "bob@localhost", "password": "…"}],
///   "anonymous": "anon.localhost",
///   "external": {"jid": "ws1@localhost", "certificate": "/path/st-ws1.pem", "key": "/path/st-ws1.key"},
///   "untrusted": {"jid": "ws1@localhost", "certificate": "/path/st-rogue.pem", "key": "/path/st-rogue.key"}
/// }
/// ```
/// `trustRoots` is the CA of the server's certificate, `anonymous` a domain with SASL ANONYMOUS, `external` a certificate
/// that the server accepts for the address, `untrusted` one that it must not accept. The component must not be in use.
struct LiveServer: Decodable, Sendable, CustomTestStringConvertible {
    struct Component: Decodable, Sendable {
        let port: Int
        let domain: String
        let secret: String
    }
    struct User: Decodable, Sendable {
        let jid: String
        let password: String
    }
    struct Identity: Decodable, Sendable {
        let jid: String
        let certificate: String
        let key: String
    }

    let host: String
    let startTLS: Int
    let directTLS: Int
    let trustRoots: String
    let component: Component
    let users: [User]
    let anonymous: String
    let external: Identity
    let untrusted: Identity
    private(set) var name = ""

    private enum CodingKeys: CodingKey {
        case host, startTLS, directTLS, trustRoots, component, users, anonymous, external, untrusted
    }

    var testDescription: String { name }

    static let prosody = read("STATIONMASTER_LIVE_PROSODY", "Prosody")
    static let ejabberd = read("STATIONMASTER_LIVE_EJABBERD", "ejabberd")
    static let all = [prosody, ejabberd].compactMap(\.self)

    private static func read(_ variable: String, _ name: String) -> LiveServer? {
        guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
            print("SKIPPED: \(variable) is not set, so nothing is tested against a real \(name)")
            return nil
        }
        let json = value.hasPrefix("{") ? Data(value.utf8) : FileManager.default.contents(atPath: value) ?? Data()
        do {
            var server = try JSONDecoder().decode(LiveServer.self, from: json)
            server.name = name
            return server
        } catch {
            Issue.record("\(variable) cannot be read: \(error)")
            return nil
        }
    }

    /// How to log in with STARTTLS as the n-th user.
    func user(_ index: Int, resource: String? = nil) throws -> ClientConfiguration {
        ClientConfiguration(
            jid: try JID(users[index].jid), host: host, port: startTLS, credentials: .password(users[index].password),
            trustRoots: .file(trustRoots), resource: resource)
    }

    func certificate(_ identity: Identity) throws -> ClientConfiguration {
        ClientConfiguration(
            jid: try JID(identity.jid), host: host, port: startTLS,
            credentials: .certificate(
                chainPEM: try String(contentsOfFile: identity.certificate, encoding: .utf8),
                keyPEM: try String(contentsOfFile: identity.key, encoding: .utf8)),
            trustRoots: .file(trustRoots))
    }
}

@Suite("Which real servers are tested")
struct LiveServerTests {
    @Test("Prosody", .enabled(if: LiveServer.prosody != nil, "STATIONMASTER_LIVE_PROSODY is not set"))
    func prosody() { #expect(LiveServer.prosody != nil) }

    @Test("ejabberd", .enabled(if: LiveServer.ejabberd != nil, "STATIONMASTER_LIVE_EJABBERD is not set"))
    func ejabberd() { #expect(LiveServer.ejabberd != nil) }
}
