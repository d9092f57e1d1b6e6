// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent
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
}


/// What every command says when configuration or the station itself is at fault.
func ending(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as ConfigurationError {
        printError("station: \(error)")
        throw ExitCode(ConfigurationError.exitStatus)
    } catch let error as AgentError {
        printError("station: \(error.text)")
        throw ExitCode(error.code == .configuration ? ConfigurationError.exitStatus : 1)
    }
}
