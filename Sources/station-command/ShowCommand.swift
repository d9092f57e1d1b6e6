// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent

/// `station show`
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows what an identity folder holds: who the station is, how far it has come, what waits.",
        discussion: """
            Reads and changes nothing; the station may be running.

            Examples:
              station show --directory /var/lib/station
              station show --directory /var/lib/station --json
            """)

    @Option(help: "The identity folder.")
    var directory = "/var/lib/station"

    @OptionGroup var output: OutputOption

    func run() async throws {
        let summary = try StationSummary(directory)
        print(output.isJSON ? summary.json.prettyPrinted() : summary.text)
    }
}
