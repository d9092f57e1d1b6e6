// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import NIOPosix
import StationAgent
import StationJSON
import StationModel
import StationSettings
import Stationmaster
import Synchronization
import XMPPClient
import XMPPCore

/// The hops that a report takes, looked at one after the other.
struct Doctor {
    let asking: Asking
    let clientPort: Int
    let trust: ClientConfiguration.TrustRoots
    let consumer: String?
    let passwordFile: String?
    let examination: Examination
    private let undoing = Undoing()

    /// Why a hop is not sound, as a sentence.
    struct Trouble: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Leaves nothing behind but the revoked serial and its lines in the log of receipts, also when a hop fails or the task is
    /// cancelled.
    func run() async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await examine()) } catch { outcome = .failure(error) }
        await undoing.perform(examination)
        try outcome.get()
    }

    private func examine() async throws {
        let configuration = try await examination.hop(
            "configuration, keys and CAs", remedy: "mend what the line names; 'stationmaster init' writes all of them"
        ) {
            let loaded = try asking.config.configuration()
            let now = Int64(Date().timeIntervalSince1970)
            for authority in [loaded.device.makerAuthority, loaded.device.ownerAuthority]
            where authority.certificate.notAfter < now + 30 * 86_400 {
                throw Trouble("\(authority.certificate.subject) expires within 30 days")
            }
            return (loaded, asking.config.path)
        }
        try await lookAtComponent(configuration)
        let serial = "doctor-" + String(UInt32.random(in: 0 ... .max), radix: 36)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(serial).path
        undoing.later("the test station's folder is removed", remedy: "remove \(folder)") {
            guard FileManager.default.fileExists(atPath: folder) else { return }
            try FileManager.default.removeItem(atPath: folder)
        }
        let identity = try await engrave(serial, folder, configuration)
        try await report(serial, identity, configuration)
    }

    // MARK: - Component and server

    private func lookAtComponent(_ configuration: StationmasterConfiguration) async throws {
        let status = try await examination.hop(
            "the component runs and has its store",
            remedy: "start it: stationmaster run --config \(asking.config.path)"
        ) {
            let status = try asking.call("status")
            return (status, "process \(status.cell("pid")), store \(status.cell("store"))")
        }
        _ = try await examination.hop(
            "the log of receipts is whole", remedy: "somebody changed the store; put the last backup in its place"
        ) { (0, "\(try asking.call("log.verify").cell("entries")) entries") }
        let address = configuration.component.address
        let port = address.port.map(String.init) ?? "\"\(address)\""
        _ = try await examination.hop(
            "the server takes the component",
            remedy: """
                the component's log says why. Prosody: Component "\(configuration.component.domain)" with \
                component_secret as in component.secret, and component_ports = { \(port) }.
                ejabberd: listen: - {port: \(port), module: ejabberd_service, hosts: {\(configuration.component.domain): {password: …}}}
                """
        ) {
            guard status["link"]?.string == "ready" else {
                throw Trouble("the link to \(address) is not up")
            }
            return (0, "\(configuration.component.domain) on \(address)")
        }
    }

    // MARK: - Engraving

    private func engrave(
        _ serial: String, _ folder: String, _ configuration: StationmasterConfiguration
    ) async throws -> StationIdentity {
        guard let factory = configuration.device.factoryHosts.first else {
            return try await examination.hop(
                "a test station is engraved", remedy: "name a factory host: hosts: factory: [factory.example.org]"
            ) { throw Trouble("no factory host is configured") }
        }
        return try await examination.hop(
            "a test station is engraved (UC007-1)",
            remedy: """
                units log in to \(factory) anonymously. Prosody: VirtualHost "\(factory)" authentication = "anonymous".
                ejabberd: host_config: {\(factory): {auth_method: anonymous, anonymous_protocol: sasl_anon}}
                """
        ) {
            undoing.later("the test batch is closed", remedy: "run: stationmaster batch close \(serial)") { [asking] in
                _ = try asking.call("batch.close", [.init("name", .string(serial))])
            }
            undoing.later("the test station is revoked", remedy: "run: stationmaster station revoke \(serial)") { [asking] in
                _ = try asking.call("station.revoke", [.init("serial", .string(serial))])
            }
            _ = try asking.call(
                "batch.open",
                [
                    .init("name", .string(serial)), .init("serials", .array([.string(serial)])),
                    .init("model", .string("doctor")), .init("hours", .number(0.1)),
                ])
            let identity = try StationIdentity(
                folder: folder, serial: serial, model: "doctor", hardware: "doctor",
                component: configuration.component.domain)
            let client = ClientConfiguration(
                jid: try JID(factory), host: configuration.component.address.host ?? "127.0.0.1", port: clientPort, security: .startTLS,
                credentials: .anonymous, trustRoots: trust)
            try await Engraver(identity).run(
                mixing: [], connecting: client, group: MultiThreadedEventLoopGroup.singleton,
                logger: StationProgram.logger(level: "critical"), attempts: 2)
            // Not before: an announcement without a station cannot be taken back.
            _ = try asking.call("station.announce", [.init("serials", .array([.string(serial)]))])
            return (identity, serial)
        }
    }

    // MARK: - From the station to the consumer

    private func report(
        _ serial: String, _ identity: StationIdentity, _ configuration: StationmasterConfiguration
    ) async throws {
        let station = TestStationRun(
            identity: identity, host: configuration.component.address.host ?? "127.0.0.1", port: clientPort, trust: trust)
        let agent = try station.start()
        undoing.later("the test station stops", remedy: "end this program") { agent.cancel() }
        for (hop, event, remedy) in station.hops(configuration) {
            _ = try await examination.hop(hop, remedy: remedy) { (0, try await station.wait(for: event)) }
        }
        guard let consumer, let follower = try await subscribe(serial, configuration) else { return }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { tasks.cancelAll() }
            tasks.addTask { await follower.listen() }
            _ = try await examination.hop(
                "the consumer receives a report",
                remedy: "see 'stationmaster explain \(serial)' and the server's log about \(consumer)"
            ) { (0, try await follower.first()) }
        }
    }

    /// The station is installed: its node is there.
    private func subscribe(_ serial: String, _ configuration: StationmasterConfiguration) async throws -> TestConsumer? {
        guard let consumer, let passwordFile else { return nil }
        return try await examination.hop(
            "the consumer logs in and subscribes", remedy: "check the account \(consumer) and its password on the server"
        ) {
            let subject: [JSON.Member] = [.init("consumer", .string(consumer)), .init("station", .string(serial))]
            undoing.later("the test grant is removed", remedy: "run: stationmaster revoke \(consumer) \(serial)") { [asking] in
                _ = try asking.call("grant.remove", subject)
            }
            _ = try asking.call("grant.add", subject)
            let client = ClientConfiguration(
                jid: try JID(consumer), host: configuration.component.address.host ?? "127.0.0.1", port: clientPort,
                security: .startTLS, credentials: .password(try SecretFile.password(passwordFile)), trustRoots: trust)
            let follower = TestConsumer(client, component: configuration.device.domain, serial: serial)
            undoing.later(
                "the test subscription is ended",
                remedy: "as \(consumer), unsubscribe from stations/\(serial); nothing is sent for it any more"
            ) { try await follower.leave() }
            try await follower.login()
            try await follower.subscribe()
            return (follower, consumer)
        }
    }
}
