// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import XMPPClient
import XMPPCore

/// A real server to test against: the line of JSON that a script in `Tests/Servers` prints when it has started one.
///
/// `STATIONMASTER_LIVE_PROSODY`, `STATIONMASTER_LIVE_EJABBERD` and `STATIONMASTER_LIVE_JABBERD2` hold that line, or the
/// path of a file with it:
/// ```sh
/// Tests/Servers/prosody /tmp/prosody 17100 >/tmp/prosody.json
/// STATIONMASTER_LIVE_PROSODY=/tmp/prosody.json swift test --no-parallel --filter XMPPLinkTests.Live
/// ```
/// The component of the server must not be in use.
struct LiveServer: Decodable, Sendable, CustomTestStringConvertible {
    struct Ports: Decodable, Sendable {
        let client: Int
        let directTLS: Int
        let component: Int
        let componentTLS: Int
    }
    struct Domains: Decodable, Sendable {
        let consumers: String
        let factory: String
        let component: String
    }
    struct Identity: Decodable, Sendable {
        let jid: String
        let certificate: String
        let key: String
    }

    let server: String
    let host: String
    let ports: Ports
    let domains: Domains
    let secret: String
    let users: [String: String]
    /// Path of the component's Unix socket; empty if the server has none.
    let componentSocket: String
    /// A certificate with which the server lets this address in.
    let station: Identity
    /// The same of an authority that the server does not know.
    let stranger: Identity
    /// The authority of the server's own certificate.
    let caFile: String

    var testDescription: String { server }

    static let prosody = read("prosody")
    static let ejabberd = read("ejabberd")
    static let jabberd2 = read("jabberd2")
    /// The two that everything is expected of.
    static let main = [prosody, ejabberd].compactMap(\.self)
    static let all = main + [jabberd2].compactMap(\.self)

    static func variable(_ name: String) -> String { "STATIONMASTER_LIVE_\(name.uppercased())" }

    private static func read(_ name: String) -> LiveServer? {
        let variable = variable(name)
        guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
            print("SKIPPED: \(variable) is not set, so nothing is tested against a real \(name)")
            return nil
        }
        let json = value.hasPrefix("{") ? Data(value.utf8) : FileManager.default.contents(atPath: value) ?? Data()
        do {
            let server = try JSONDecoder().decode(LiveServer.self, from: json)
            if server.server != name { Issue.record("\(variable) describes \(server.server)") }
            return server
        } catch {
            Issue.record("\(variable) cannot be read: \(error)")
            return nil
        }
    }

    /// The addresses of the accounts, in a fixed order.
    var accounts: [String] { users.keys.sorted() }

    /// How to log in with STARTTLS as the n-th user.
    func user(_ index: Int, resource: String? = nil) throws -> ClientConfiguration {
        ClientConfiguration(
            jid: try JID(accounts[index]), host: host, port: ports.client,
            credentials: .password(users[accounts[index]] ?? ""), trustRoots: .file(caFile), resource: resource)
    }

    func certificate(_ identity: Identity) throws -> ClientConfiguration {
        ClientConfiguration(
            jid: try JID(identity.jid), host: host, port: ports.client,
            credentials: .certificate(
                chainPEM: try String(contentsOfFile: identity.certificate, encoding: .utf8),
                keyPEM: try String(contentsOfFile: identity.key, encoding: .utf8)),
            trustRoots: .file(caFile))
    }
}

@Suite("Which real servers are tested")
struct LiveServerTests {
    @Test("The ones that are described", .enabled(if: !LiveServer.all.isEmpty, "no live server is configured"))
    func described() {
        for name in ["prosody", "ejabberd", "jabberd2"] {
            let isNamed = ProcessInfo.processInfo.environment[LiveServer.variable(name)]?.isEmpty == false
            #expect(LiveServer.all.contains { $0.server == name } == isNamed)
        }
    }
}
