// SPDX-License-Identifier: Apache-2.0
import Foundation
import LiveServers
import Testing
import XMPPClient
import XMPPCore

extension LiveServer {
    static let all = described(otherwise: "nothing is tested against")
    /// The two that everything is expected of.
    static let main = all.filter { $0.server != "jabberd2" }

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
    @Test("The ones that are described, and each description can be read")
    func described() throws { try LiveServer.check() }
}
