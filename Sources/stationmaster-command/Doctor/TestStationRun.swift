// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOPosix
import StationAgent
import StationModel
import Stationmaster
import Synchronization
import XMPPClient

/// The doctor's own station: runs as any station does, and tells how far it has come.
final class TestStationRun: Sendable {
    enum Step: Int, Sendable { case onboarding, installed, online, acknowledged }

    private let identity: StationIdentity
    private let settings: AgentSettings
    private let reached = Mutex<Set<Int>>([])
    private let lastTrouble = Mutex("no answer within 20 s")

    init(identity: StationIdentity, host: String, port: Int, trust: ClientConfiguration.TrustRoots) {
        self.identity = identity
        var settings = AgentSettings()
        settings.connection.host = host
        settings.connection.port = port
        settings.connection.trustRoots = trust
        settings.interval = 1
        self.settings = settings
    }

    /// The hops in their order, with what to do when one fails.
    func hops(_ configuration: StationmasterConfiguration) -> [(String, Step, String)] {
        let onboarding = configuration.device.onboardingHost
        let stations = configuration.device.stationsHost
        func external(_ host: String, _ authority: String) -> String {
            """
            stations log in to \(host) with a certificate. Prosody: VirtualHost "\(host)" authentication = "ccert"; \
            ssl = { cafile = "…/\(authority)"; verifyext = { "lsec_continue", lsec_ignore_purpose = false } }.
            ejabberd: on the client listener tls_verify: true and cafile: with \(authority)
            """
        }
        return [
            ("the station logs in with its engraved identity", .onboarding, external(onboarding, "maker-ca.pem")),
            ("the station is installed (UC007-2)", .installed, "see 'stationmaster log' for the refusal's alarm"),
            ("the station logs in with its operational identity", .online, external(stations, "owner-ca.pem")),
            ("a report is stored and acknowledged", .acknowledged, "see the component's log; is the disk full?"),
        ]
    }

    func start() throws -> Task<Void, Never> {
        let environment = AgentEnvironment(
            now: { WallClock().now() }, random: { UInt64.random(in: 0 ... .max) },
            group: MultiThreadedEventLoopGroup.singleton, logger: StationProgram.logger(level: "critical"),
            observe: { [self] in note($0) })
        let agent = try Agent(
            identity, settings: settings, sensor: WeatherSensor(WeatherModel(seed: 1)), environment: environment)
        return Task { _ = try? await agent.run() }
    }

    private func note(_ event: AgentEvent) {
        let step: Step? =
            switch event {
            case .loggedIn(let onboarding): onboarding ? .onboarding : nil
            case .installed: .installed
            case .online: .online
            case .acknowledged: .acknowledged
            default: nil
            }
        if let step { reached.withLock { _ = $0.insert(step.rawValue) } }
        if case .offline(let reason) = event { lastTrouble.withLock { $0 = reason } }
        if case .unacknowledged(_, let reason) = event { lastTrouble.withLock { $0 = reason } }
    }

    /// Waits until the station has come as far as `step`; throws what stood in its way.
    func wait(for step: Step) async throws -> String {
        for _ in 0..<200 {
            if reached.withLock({ $0.contains(step.rawValue) }) { return "done" }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Doctor.Trouble(lastTrouble.withLock { $0 })
    }
}
