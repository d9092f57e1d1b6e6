// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationAgent

/// `station run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the station: introduces it to its owner (UC007-2), reports, takes updates (UC007-3).",
        discussion: """
            Runs until SIGTERM or SIGINT. While the link is down, reports wait in the spool; they leave in order, and
            only when the component has committed them. After an update the program replaces itself.

            Every option can be overridden by an environment variable, such as STATION_REPORT_INTERVAL for
            report.interval. An unknown key or a bad value ends the program with code 78 and names file and line.

            Examples:
              station run --config /etc/station.yaml
              STATION_REPORT_INTERVAL=5 STATION_LOG_LEVEL=debug station run --config ./station.yaml
              station run --print-config > station.yaml
            """)

    @Option(help: "The configuration file.")
    var config = "/etc/station.yaml"

    @Flag(help: "Prints the annotated configuration with all defaults, and ends.")
    var printConfig = false

    @OptionGroup var output: OutputOption

    func run() async throws {
        if printConfig {
            print(StationOptions.program.annotated(), terminator: "")
            return
        }
        try await StationProgram.run(configuration: config, environment: ProcessInfo.processInfo.environment)
    }
}
