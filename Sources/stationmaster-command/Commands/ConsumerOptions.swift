// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent
import StationSettings
import XMPPClient
import XMPPCore

/// How a consumer logs in.
struct ConsumerOptions: ParsableArguments {
    @ArgumentParser.Option(name: .customLong("jid"), help: "The consumer's bare JID.") var address: String
    @ArgumentParser.Option(help: "The file that holds its password, mode 0600.") var passwordFile: String
    @ArgumentParser.Option(help: "Name or address of its XMPP server; the JID's domain if not given.") var host: String?
    @ArgumentParser.Option(help: "The server's client port (STARTTLS).") var port = 5222
    @ArgumentParser.Option(
        name: .customLong("ca"), help: "Who vouches for the server: a PEM file, 'system', or 'loopback' (anyone, this machine only).")
    var trust = "system"

    func client() throws -> ClientConfiguration {
        guard let jid = try? JID(address), jid.localpart != nil else { throw ValidationError("'\(address)' is no JID of a person") }
        return ClientConfiguration(
            jid: jid, host: host ?? jid.domain, port: port, security: .startTLS,
            credentials: .password(try SecretFile.password(passwordFile)),
            trustRoots: ConnectionSettings.trustRoots(trust))
    }
}
