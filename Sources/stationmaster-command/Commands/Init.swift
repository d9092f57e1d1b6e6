// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationJSON
import Stationmaster

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write configuration, component secret and CA keys, and print what to paste into your server.",
        discussion: """
            Writes into one folder that only its owner can read: stationmaster.yaml, component.secret, maker-ca.pem, \
            .crl and .key, owner-ca.pem, .crl and .key, director.key. Keep a copy of the keys where nobody can reach it: whoever has \
            them can make stations.

            As root and without --directory the files belong to user stationmaster, the store goes to \
            /var/lib/stationmaster and the control socket to /run/stationmaster, as the systemd unit in Config/examples \
            expects. Otherwise all of it is in the one folder.

            Examples:
              sudo stationmaster init --domain devices.example.org
              stationmaster init --domain devices.localhost --directory ./try \\
                  --server prosody
            """)

    /// Where a system service has its configuration.
    static let systemDirectory = "/etc/stationmaster"

    @ArgumentParser.Option(help: "The component's domain.") var domain: String
    @ArgumentParser.Option(help: "The folder to write to.") var directory = systemDirectory
    @ArgumentParser.Option(help: "The folder of the store, if it is another one.") var stateDirectory: String?
    @ArgumentParser.Option(help: "The folder of the control socket, if it is another one.") var runtimeDirectory: String?
    @ArgumentParser.Option(help: "Whom the files belong to; only root can give them away.") var user: String?
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
    @OptionGroup var output: OutputOption

    func validate() throws {
        guard (1...65_535).contains(serverPort) else { throw ValidationError("\(serverPort) is no port") }
        if let server, !["prosody", "ejabberd", "jabberd2"].contains(server) {
            throw ValidationError("--server takes prosody, ejabberd or jabberd2")
        }
        if user != nil && !SystemUser.isSuperuser { throw ValidationError("--user is for root") }
        _ = try hosts()
    }

    /// Domains as servers write them. What is not given is a sibling of the component's domain.
    func hosts() throws -> (component: String, factory: [String], onboarding: String, stations: String) {
        do {
            let component = try Setup.domain(domain)
            func sibling(_ name: String) throws -> String {
                let parent = component.split(separator: ".", maxSplits: 1).dropFirst().first ?? ""
                guard !parent.isEmpty, component.contains(where: \.isLetter) else {
                    throw ValidationError(
                        "'\(component)' is part of no other domain: give --factory-host, --onboarding-host and --stations-host")
                }
                return "\(name).\(parent)"
            }
            let factories = factoryHost.isEmpty ? [try sibling("factory")] : try factoryHost.map(Setup.domain)
            return (
                component, factories, try onboardingHost.map(Setup.domain) ?? sibling("onboarding"),
                try stationsHost.map(Setup.domain) ?? sibling("stations")
            )
        } catch let error as SetupError { throw ValidationError(error.description) }
    }

    func run() throws {
        let hosts = try hosts()
        let isSystem = directory == Self.systemDirectory && SystemUser.isSuperuser
        func path(_ folder: String) -> String { URL(fileURLWithPath: folder).standardizedFileURL.path }
        let setup = Setup(
            domain: hosts.component, folder: path(directory), serverHost: serverHost, serverPort: serverPort,
            factoryHosts: hosts.factory, onboardingHost: hosts.onboarding, stationsHost: hosts.stations,
            owner: owner, overwriting: force,
            stateFolder: (stateDirectory ?? (isSystem ? "/var/lib/stationmaster" : nil)).map(path),
            runtimeFolder: (runtimeDirectory ?? (isSystem ? "/run/stationmaster" : nil)).map(path),
            user: try (user ?? (isSystem ? "stationmaster" : nil)).map { try SystemUser($0) })
        let result = try setup.perform(now: Int64(Date().timeIntervalSince1970))
        let all = ServerLines(setup: setup, result: result)
        let lines = [("prosody", all.prosody), ("ejabberd", all.ejabberd), ("jabberd2", all.jabberd2)]
            .filter { server == nil || server == $0.0 }
        let answer: JSON = [
            "configuration": .string(result.configurationPath), "domain": .string(hosts.component),
            "factoryHosts": .array(hosts.factory.map { .string($0) }), "onboardingHost": .string(hosts.onboarding),
            "stationsHost": .string(hosts.stations), "makerCertificate": .string(result.makerCertificatePath),
            "ownerCertificate": .string(result.ownerCertificatePath),
            "lines": .object(lines.map { .init($0.0, .string($0.1)) }),
        ]
        output.show(answer) { _ in
            """
            Written to \(setup.folder) (readable by \(setup.user?.name ?? "you") only).

            Paste into your server's configuration:

            \(lines.map { $0.1 }.joined(separator: "\n\n"))

            Then: \(Self.start(result, user: setup.user, isSystem))
            """
        }
    }

    private static func start(_ result: Setup.Result, user: SystemUser?, _ isSystem: Bool) -> String {
        guard isSystem else { return "stationmaster run --config \(result.configurationPath)" }
        return """
            install -m 644 Config/examples/stationmaster.service /etc/systemd/system/
                  systemctl enable --now stationmaster
            or, without systemd:
                  sudo -u \(user?.name ?? "root") stationmaster run
            """
    }
}
