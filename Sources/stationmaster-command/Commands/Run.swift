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
            """)

    @OptionGroup var config: ConfigurationOption

    func run() async throws {
        let configuration = try config.configuration()
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
}
