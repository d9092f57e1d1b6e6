// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationJSON
import StationStore

/// The store of a configuration, which no component may run on.
func openStore(_ config: ConfigurationOption) throws -> StationStore { try StationStore(path: storePath(config)) }

/// The path of a store that is there, or half there after a restore.
func storePath(_ config: ConfigurationOption) throws -> String {
    let path = config.file(try config.settings().text("store.path"))
    guard FileManager.default.fileExists(atPath: path) || StoreRestore.isUnfinished(path) else {
        throw ValidationError("there is no store at \(path); see store.path in \(config.path)")
    }
    return path
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether everything in the store, or in a backup, is as it was written.",
        discussion: """
            Reads all of it: the database, the chain of the log of receipts, every report against its checksum, every \
            index. A running component does it beside its work; otherwise the store is read as it lies there and \
            not changed. Exit status 1, and a sentence with what to do for each thing that is damaged.

            Examples:
              stationmaster verify
              stationmaster verify /srv/backup/monday
            """)

    @OptionGroup var asking: Asking
    @Argument(help: "A backup's folder; the store of the configuration if not given.") var backup: String?

    func run() throws {
        let result: JSON
        if let backup {
            result = try StoreWork.run(BackupCheck(folder: backup))
        } else {
            result = try StoreWork(asking).result(of: "store.verify") {
                StoreCheck(try StoreSnapshot.atRest(storePath(asking.config)))
            }
        }
        let problems = result.rows("problems").compactMap(\.string)
        if asking.json {
            print(result.printed, terminator: "")
        } else if problems.isEmpty {
            print(
                "\(result.cell("reports")) reports and \(result.cell("receipts")) entries of the log of receipts: all is well")
        }
        guard !problems.isEmpty else { return }
        throw Refusal("damaged", problems.joined(separator: "\n"))
    }
}
