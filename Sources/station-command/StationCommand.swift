// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationAgent
import StationJSON
import StationSettings

/// The station's side of Stationmaster as one program.
@main
struct StationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station",
        abstract: "A weather station: engraved in the factory, introduced to its owner, reporting for life.",
        discussion: """
            A station keeps everything that makes it this station in one folder: its keys, its certificates, its
            state, and the reports that nobody has acknowledged yet.

            In the factory, once:
              station engrave --serial wx-0042 --model ws-1 --hardware rev-b --directory /var/lib/station \\
                --entropy ./noise.bin --host xmpp.factory.example --factory-host factory.example \\
                --component stations.example.org

            At its place, for ever:
              station run --config /etc/station.yaml

            A thousand of them, to see what a server can take:
              station simulate --stations 1000 --seconds 60 --directory /tmp/stations --component devices.localhost \\
                --factory-host factory.localhost --host 127.0.0.1 --trust loopback

            Exit codes: 0 done, 1 failed, 64 wrong arguments, 78 wrong configuration.
            """,
        subcommands: [EngraveCommand.self, RunCommand.self, SimulateCommand.self, ShowCommand.self])

    /// Errors become a sentence on standard error, or JSON where that was asked for, and an exit status, in one place.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ConfigurationError {
            refuse("configuration", "\(error)", ConfigurationError.exitStatus)
        } catch let error as AgentError {
            refuse(error.code.rawValue, error.text, error.code == .configuration ? ConfigurationError.exitStatus : 1)
        } catch let error as SecretFileError {
            refuse("secret", error.description, 1)
        } catch {
            let status = exitCode(for: error)
            guard status != .success, asksForJSON else { exit(withError: error) }
            refuse(status == .validationFailure ? "usage" : "failed", message(for: error), status.rawValue)
        }
    }

    private static var asksForJSON: Bool { CommandLine.arguments.dropFirst().contains("--json") }

    private static func refuse(_ condition: String, _ sentence: String, _ status: Int32) -> Never {
        let error: JSON = ["error": ["condition": .string(condition), "text": .string(sentence)]]
        printError(asksForJSON ? error.text : "station: \(sentence)")
        Foundation.exit(status)
    }
}

/// Every command takes it. A refusal is JSON too then, on standard error.
struct OutputOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "As JSON; refusals as {\"error\": …} on standard error.")
    var isJSON = false
}
