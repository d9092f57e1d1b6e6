// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Stationmaster

@main
struct StationmasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stationmaster",
        abstract: "Device management for weather stations and other devices, as a component of your XMPP server.",
        discussion: """
            First steps:
              stationmaster init --domain devices.example.org
                  write configuration, secret and keys; prints what to paste
              stationmaster run
                  attach to the server
              stationmaster doctor
                  follow one report from a station to a consumer

            A station's life:
              stationmaster batch open spring-1 --serials wx-1,wx-2 --model WX1 \\
                  --hours 8
              station engrave --serial wx-1 …
                  on the factory host, see 'station engrave --help'
              stationmaster station announce wx-1
                  by its owner, before it is installed
              stationmaster grant weather@example.org wx-1
                  who may have its data
              stationmaster update offer --manifest release.json --deadline 3600 wx-1
              stationmaster explain wx-1
                  everything that has happened to it

            Commands talk to the running component over its control socket, as its user. These need no component: init, \
            run, restore, follow (a consumer, over XMPP), release key and release sign. verify, export and backup open the \
            store themselves when none runs.

            Every command takes --json. 'stationmaster help COMMAND' is its manual.

            Exit status:
              0   done
              1   refused or failed; a sentence on standard error says why
              64  wrong usage
              69  the component does not run
              73  init cannot write, or a file is there already
              75  the store is in use by another process
              78  wrong configuration; file, line and key are named
            """,
        version: StationmasterService.version,
        subcommands: [
            Init.self, Run.self, DoctorCommand.self, StatusQuery.self, Batch.self, StationCommands.self, Explain.self,
            Grant.self, Revoke.self, Grants.self, SubscriptionCommands.self, QuarantineCommands.self, ReleaseCommands.self, UpdateCommands.self, Log.self, Follow.self,
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
        } catch {
            guard let refusal = Refusal(error) else { exit(withError: error) }
            refuse(refusal)
        }
    }

    /// Tells why, and ends the program. Also what could not be parsed is told as JSON if it asked for that.
    static func refuse(_ refusal: Refusal) -> Never {
        let isJSON = CommandLine.arguments.dropFirst().contains("--json")
        FileHandle.standardError.write(Data(refusal.text(isJSON: isJSON).utf8))
        Foundation.exit(refusal.status)
    }
}
