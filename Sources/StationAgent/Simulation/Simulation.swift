// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOPosix
import StationModel
import XMPPClient
import XMPPCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Many stations in one process: each with its own identity folder, spool, connection and weather. They are engraved if
/// they are not yet, introduce themselves, and report until the time is over.
public struct Simulation: Sendable {
    /// What a simulation is told.
    public struct Settings: Sendable {
        /// How many stations.
        public var stations = 10
        /// How long they report, counted from the first login.
        public var seconds = 60.0
        /// Seconds between the reports of one station; nil for what the component asks for.
        public var interval: Double? = 10
        /// Decides weather, and nothing else.
        public var seed: UInt64 = 1
        /// Serials are the prefix and a number from 1.
        public var prefix = "sim-"
        /// The model.
        public var model = "simulated"
        /// The hardware class.
        public var hardware = "sim"
        /// One folder a station; folders that hold an identity are used as they are.
        public var directory = ""
        /// The component.
        public var component: JID
        /// The factory's host, logged in to anonymously; nil if all are engraved already.
        public var factory: ClientConfiguration?
        /// How stations reach their servers.
        public var connection = ConnectionSettings()
        /// How stanzas travel.
        public var encoding = StanzaEncoding.xml
        /// Unacknowledged reports of a station.
        public var window = 16
        /// Logins a second; 0 for no limit.
        public var loginsPerSecond = 20.0
        /// Whether updates are taken and "installed" by doing nothing.
        public var acceptsUpdates = false

        /// Ten stations for a minute.
        public init(component: JID) { self.component = component }
    }

    private let settings: Settings
    private let logger: Logger
    private let board = SimulationBoard()
    private let clock = SimulationClock()
    private let pace: LoginPace

    /// Makes a simulation.
    public init(_ settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        pace = LoginPace(perSecond: settings.loginsPerSecond)
    }

    /// The figures so far.
    public var figures: SimulationFigures { board.figures }

    /// Runs to the end, or until the task is cancelled.
    /// - Parameter progress: called about once a second.
    /// - Returns: the figures and the seconds that it took.
    public func run(
        progress: @escaping @Sendable (SimulationFigures) -> Void = { _ in }
    ) async throws -> (figures: SimulationFigures, seconds: Double) {
        Self.raiseFileLimit()
        board.change { $0.stations = settings.stations }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))
                    progress(board.figures)
                }
            }
            defer { tasks.cancelAll() }
            let identities = try await engraveAll()
            let begun = ContinuousClock.now
            try await report(identities)
            let took = begun.duration(to: .now) / .seconds(1)
            return (board.figures, took)
        }
    }

    // MARK: Engraving

    private func engraveAll() async throws -> [StationIdentity] {
        var identities: [StationIdentity] = []
        for number in 1...max(1, settings.stations) {
            let serial = settings.prefix + String(number)
            identities.append(
                try StationIdentity(
                    folder: settings.directory + "/" + serial, serial: serial, model: settings.model,
                    hardware: settings.hardware, component: settings.component.description))
        }
        let fresh = identities.filter { $0.state.phase < .released }
        board.change { $0.engraved = identities.count - fresh.count }
        guard !fresh.isEmpty else { return identities }
        guard let factory = settings.factory else {
            throw AgentError(.identity, "\(fresh.count) stations are not engraved; name a factory host")
        }
        let connection = try await XMPPClientConnection.connect(
            factory, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        let conversation = ClientConversation(connection, component: settings.component)
        do {
            try await Self.eachOf(fresh, atOnce: 8) { identity in
                try await Engraver(identity).run(mixing: [], over: conversation)
                board.change { $0.engraved += 1 }
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return identities
    }

    private static func eachOf<Item: Sendable>(
        _ items: [Item], atOnce: Int, _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, item) in items.enumerated() {
                if index >= atOnce { try await tasks.next() }
                tasks.addTask { try await body(item) }
            }
            try await tasks.waitForAll()
        }
    }

    // MARK: Reporting

    private func report(_ identities: [StationIdentity]) async throws {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try? await Task.sleep(for: .milliseconds(Int64(min(settings.seconds, 3.2e7) * 1000)))
                clock.stop()
                await settle()
            }
            for (number, identity) in identities.enumerated() {
                tasks.addTask { await live(identity, number) }
            }
            // The first to end is the time; stations go on until they are told.
            await tasks.next()
            tasks.cancelAll()
        }
    }

    /// Waits until nothing is on its way any more, at most ten seconds.
    private func settle() async {
        var last = -1
        for _ in 0..<100 where !Task.isCancelled {
            let figures = board.figures
            if figures.sent == figures.acknowledged + figures.unacknowledged, figures.sent == last { return }
            last = figures.sent
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// One station: again after each restart that an update asks for. It ends only with the simulation.
    private func live(_ identity: StationIdentity, _ number: Int) async {
        do {
            try await pace.turn()
            while !Task.isCancelled {
                guard try await makeAgent(identity, number).run() == .restart else { break }
            }
        } catch {
            guard !Task.isCancelled else { return }
            board.change { $0.failed += 1 }
            logger.error("station failed", metadata: ["serial": "\(identity.state.serial)", "reason": "\(error)"])
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    private func makeAgent(_ identity: StationIdentity, _ number: Int) throws -> Agent {
        var agent = AgentSettings()
        agent.connection = settings.connection
        agent.component = settings.component
        agent.encoding = settings.encoding
        agent.interval = settings.interval
        agent.window = settings.window
        agent.spool.bytes = 1 << 20
        if settings.acceptsUpdates { agent.update.install = InstallCommand(["/bin/true"], timeout: .seconds(10)) }
        // Places are spread over the globe, so that the weather differs.
        let spread = SmoothNoise.mix(settings.seed &+ UInt64(number))
        let latitude = Double(spread % 1400) / 10 - 70
        let longitude = Double(spread >> 20 % 3600) / 10 - 180
        let weather = WeatherModel(
            seed: spread, latitude: latitude, longitude: longitude, altitude: Double(spread >> 40 % 1500))
        let board = board
        return try Agent(
            identity, settings: agent, sensor: SimulatedSensor(weather: WeatherSensor(weather), clock: clock),
            environment: StationProgram.environment(logger: logger) { board.note($0, of: number) })
    }

    /// Each station holds a socket, a lock and a segment open.
    private static func raiseFileLimit() {
        #if canImport(Glibc)
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #endif
    }
}
