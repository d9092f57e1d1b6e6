// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOPosix
import StationModel
import StationSettings
import XMPPClient
import XMPPCore

/// What the commands of `station` do: here time, chance, sockets and logs come in through the door.
public enum StationProgram {
    /// A logger that writes lines to standard error.
    public static func logger(level: String) -> Logger {
        var logger = Logger(label: "station") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }

    /// The real clock and the system's random source.
    static func environment(
        logger: Logger, observe: @escaping @Sendable (AgentEvent) -> Void = { _ in }
    ) -> AgentEnvironment {
        AgentEnvironment(
            now: { Timestamp(seconds: Date().timeIntervalSince1970) ?? Timestamp(milliseconds: 0) },
            random: { UInt64.random(in: .min ... .max) },
            group: MultiThreadedEventLoopGroup.singleton, logger: logger, observe: observe)
    }

    /// `station run`: until a signal comes. An update that asks for a restart makes the program replace itself.
    public static func run(configuration path: String, environment variables: [String: String]) async throws {
        let settings = try StationOptions.program.read(path: path, environment: variables)
        let agentSettings = try AgentSettings(settings)
        let logger = logger(level: settings.text("log.level"))
        let folder = settings.text("identity.directory")
        guard fileExists(folder + "/state.json") else {
            throw settings.error("identity.directory", "\(folder) holds no station; run: station engrave --directory \(folder) …")
        }
        let identity = try StationIdentity(opening: folder)
        let weather = WeatherModel(
            seed: UInt64(settings.integer("weather.seed")), latitude: settings.number("position.latitude"),
            longitude: settings.number("position.longitude"), altitude: settings.number("position.altitude"))
        StopFlag.install()
        let agent = try Agent(
            identity, settings: agentSettings, sensor: WeatherSensor(weather), environment: environment(logger: logger))
        let outcome = try await withThrowingTaskGroup(of: Agent.Outcome?.self) { tasks in
            tasks.addTask { try await agent.run() }
            tasks.addTask {
                await StopFlag.wait()
                return nil
            }
            let first = try await tasks.next() ?? nil
            tasks.cancelAll()
            try await tasks.waitForAll()
            return first
        }
        guard outcome == .restart else { return }
        logger.notice("restarting for an update")
        throw restart()
    }

    /// Replaces this process by a fresh one of the same program; returns only if that fails.
    private static func restart() -> AgentError {
        closeOnExec()
        let program = CommandLine.arguments.first ?? "station"
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execvp(program, arguments)
        return systemError("exec", program, .installation)
    }

    /// What `station engrave` is told.
    public struct EngraveRequest: Sendable {
        /// The serial.
        public var serial: String
        /// The model.
        public var model: String
        /// The hardware class.
        public var hardware: String
        /// A file whose bytes are mixed into the generator before the key is made.
        public var entropyFile: String?
        /// The identity folder.
        public var directory: String
        /// The component.
        public var component: String
        /// How to log in at the factory.
        public var client: ClientConfiguration

        /// Makes a request.
        public init(
            serial: String, model: String, hardware: String, entropyFile: String?, directory: String,
            component: String, client: ClientConfiguration
        ) {
            self.serial = serial
            self.model = model
            self.hardware = hardware
            self.entropyFile = entropyFile
            self.directory = directory
            self.component = component
            self.client = client
        }
    }

    /// `station engrave`: ends with a released unit, or says why not.
    public static func engrave(_ request: EngraveRequest, logLevel: String = "warning") async throws(AgentError) {
        var entropy: [UInt8] = []
        if let path = request.entropyFile {
            guard let bytes = try DurableFile.read(path), !bytes.isEmpty else {
                throw AgentError(.storage, "\(path) is missing or empty")
            }
            entropy = bytes
        }
        let identity = try StationIdentity(
            folder: request.directory, serial: request.serial, model: request.model, hardware: request.hardware,
            component: request.component)
        try await Engraver(identity).run(
            mixing: entropy, connecting: request.client, group: MultiThreadedEventLoopGroup.singleton,
            logger: logger(level: logLevel))
    }
}
