// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Stationmaster

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Attach to the XMPP server and serve until told to stop (SIGTERM or SIGINT).",
        discussion: """
            The log goes to standard error, a line an event. With a wrong component secret it says so and keeps \
            trying; with a wrong configuration it exits with status 78 and names key, file and line.

            Example: stationmaster run --config /etc/stationmaster/stationmaster.yaml
            """)

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var output: OutputOption

    func run() async throws {
        let configuration = try config.configuration()
        try makeFolders()
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "stationmaster")
        let service = try StationmasterService(configuration: configuration, logger: logger)
        let group = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }

    /// Folders of the store and of the control socket; what is below /run is gone after each start of the machine.
    private func makeFolders() throws {
        let settings = try config.settings()
        for key in ["store.path", "control.socket"] {
            let folder = URL(fileURLWithPath: config.file(settings.text(key))).deletingLastPathComponent().path
            guard !FileManager.default.fileExists(atPath: folder) else { continue }
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            } catch { throw settings.error(key, "the folder \(folder) is not there, and cannot be made") }
        }
    }
}
