// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationSettings
import StationCore
import StationJSON
import StationStore
import Stationmaster

@main
struct StationmasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stationmaster",
        abstract: "Device management for weather stations and other devices, as a component of your XMPP server.",
        discussion: """
            First steps:
              stationmaster init --domain devices.example.org     write configuration, secret and keys; prints what to paste
              stationmaster run                                   attach to the server
              stationmaster doctor                                follow one report from a station to a consumer

            A station's life:
              stationmaster batch open spring-1 --serials wx-1,wx-2 --model WX1 --hours 8
              station engrave --serial wx-1 …                     on the factory host, see 'station --help'
              stationmaster station announce wx-1                 by its owner, before it is installed
              stationmaster grant weather@example.org wx-1        who may have its data
              stationmaster update offer --manifest release.json --deadline 3600 wx-1
              stationmaster explain wx-1                          everything that has happened to it

            All commands but init, run and restore talk to the running component over its Unix socket; verify, export and
            backup also work without one.
            Add --json for output that programs read.

            Exit status: 0 done, 1 refused or failed, 64 wrong usage, 69 the component does not run, 78 wrong configuration.
            """,
        version: StationmasterService.version,
        subcommands: [
            Init.self, Run.self, DoctorCommand.self, StatusQuery.self, Batch.self, StationCommands.self, Explain.self,
            Grant.self, Revoke.self, Grants.self, ReleaseCommands.self, UpdateCommands.self, Log.self, Follow.self,
            Verify.self, Export.self, Backup.self, Restore.self,
        ])

    /// Errors become a line on standard error and an exit status, in one place.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ConfigurationError {
            complain("\(error)", status: ConfigurationError.exitStatus)
        } catch let error as CommandError {
            complain(error.text, status: error.condition == "not-running" ? 69 : 1)
        } catch let error as JSONError {
            complain("\(error)", status: 1)
        } catch let error as StoreError {
            complain("\(error)", status: error.code == .locked ? 75 : 1)
        } catch {
            exit(withError: error)
        }
    }

    static func complain(_ sentence: String, status: Int32) {
        FileHandle.standardError.write(Data("stationmaster: \(sentence)\n".utf8))
        Foundation.exit(status)
    }
}
