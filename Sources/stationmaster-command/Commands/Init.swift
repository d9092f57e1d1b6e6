// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Stationmaster

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write configuration, component secret and CA keys, and print what to paste into your server.",
        discussion: """
            Writes into one folder, readable by its owner only: stationmaster.yaml, component.secret, maker-ca.pem and \
            .key, owner-ca.pem and .key, director.key. Keep a copy of the keys where nobody can reach it: whoever has \
            them can make stations.

            Example: stationmaster init --domain devices.example.org --directory /etc/stationmaster
            """)

    @ArgumentParser.Option(help: "The component's domain.") var domain: String
    @ArgumentParser.Option(help: "The folder to write to.") var directory = "/etc/stationmaster"
    @ArgumentParser.Option(help: "Name or address of the XMPP server.") var serverHost = "127.0.0.1"
    @ArgumentParser.Option(help: "The server's component port.") var serverPort = 5347
    @ArgumentParser.Option(help: "XMPP domain of the factory; factory.PARENT if not given. May be repeated.")
    var factoryHost: [String] = []
    @ArgumentParser.Option(help: "XMPP domain for engraved identities; onboarding.PARENT if not given.")
    var onboardingHost: String?
    @ArgumentParser.Option(help: "XMPP domain for operational identities; stations.PARENT if not given.")
    var stationsHost: String?
    @ArgumentParser.Option(help: "The owner's name, as it stands in certificates.") var owner = "Stationmaster"
    @ArgumentParser.Option(help: "Print lines for one server only: prosody, ejabberd or jabberd2.") var server: String?
    @Flag(help: "Replace what is there. Stations that have an identity from the old keys lose it.") var force = false

    func validate() throws {
        guard (1...65_535).contains(serverPort) else { throw ValidationError("\(serverPort) is no port") }
        if let server, !["prosody", "ejabberd", "jabberd2"].contains(server) {
            throw ValidationError("--server takes prosody, ejabberd or jabberd2")
        }
    }

    func run() throws {
        let parent = domain.split(separator: ".").dropFirst().joined(separator: ".")
        let setup = Setup(
            domain: domain, folder: URL(fileURLWithPath: directory).path, serverHost: serverHost, serverPort: serverPort,
            factoryHosts: factoryHost.isEmpty ? ["factory.\(parent)"] : factoryHost,
            onboardingHost: onboardingHost ?? "onboarding.\(parent)", stationsHost: stationsHost ?? "stations.\(parent)",
            owner: owner, overwriting: force)
        let result: Setup.Result
        do { result = try setup.perform(now: Int64(Date().timeIntervalSince1970)) } catch let error as SetupError {
            StationmasterCommand.complain(error.description, status: 73)
            return
        }
        let lines = ServerLines(setup: setup, result: result)
        print("Written to \(setup.folder) (readable by you only).\n\nPaste into your server's configuration:\n")
        if server == nil || server == "prosody" { print(lines.prosody + "\n") }
        if server == nil || server == "ejabberd" { print(lines.ejabberd + "\n") }
        if server == nil || server == "jabberd2" { print(lines.jabberd2 + "\n") }
        print("Then: stationmaster run --config \(result.configurationPath)")
    }
}
