// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent
import XMPPClient
import XMPPCore

/// How a server is reached; shared by the commands that log in.
struct LoginOptions: ParsableArguments {
    @Option(help: "Name or address of the XMPP server; default: the host that the addresses name.")
    var host: String?

    @Option(help: "Its port.")
    var port = 5222

    @Option(help: "How the link is protected: starttls, tls, or plain (this machine only).")
    var security = Security.starttls

    @Option(help: "Who vouches for the server: system, the path of a PEM file, or loopback (anyone, this machine only).")
    var trust = "system"

    @Option(help: "The address of the Stationmaster, such as stations.example.org.")
    var component: String

    enum Security: String, ExpressibleByArgument, CaseIterable {
        case starttls, tls, plain
    }

    var clientSecurity: ClientConfiguration.Security {
        switch security {
        case .starttls: .startTLS
        case .tls: .directTLS
        case .plain: .plaintextLoopback
        }
    }

    func componentAddress() throws -> JID {
        guard let jid = try? JID(component) else { throw ValidationError("'\(component)' is no address") }
        return jid
    }

    /// The factory's host, anonymously or with an account.
    func factory(_ factoryHost: String, account: String? = nil, password: String? = nil) throws -> ClientConfiguration {
        guard let jid = try? JID(account ?? factoryHost) else {
            throw ValidationError("'\(account ?? factoryHost)' is no address")
        }
        return ClientConfiguration(
            jid: jid, host: host ?? jid.domain, port: port, security: clientSecurity,
            credentials: password.map { .password($0) } ?? .anonymous,
            trustRoots: ConnectionSettings.trustRoots(trust))
    }
}
