// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationJSON
import StationModel
import StationStore

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the store into a new folder, also while the component runs.",
        discussion: """
            The backup holds everything that was acknowledged before it began, as of one moment. A running component \
            makes it beside its work, so the folder must be one that it may write to. The keys and the configuration \
            are no part of the store: keep a copy of their folder as well.

            Example:
              stationmaster backup /srv/backup/monday
              stationmaster verify /srv/backup/monday
            """)

    @Argument(help: "The folder to make; it must not be there yet.") var folder: String
    @OptionGroup var asking: Asking

    func run() throws {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        let result = try StoreWork(asking).result(of: "store.backup", [.init("folder", .string(path))]) {
            try openStore(asking.config).backup(to: path, at: now())
        }
        asking.output.show(result) {
            "backup of \($0.cell("position")) reports in \($0.cell("folder")), \($0.cell("bytes")) bytes"
        }
    }
}

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup in the place of the store.",
        discussion: """
            No component may run. The backup is checked first; nothing is touched if it is damaged. A store that is \
            there is moved aside, and only with --replace. From then on ids of items begin with another number, jobs \
            whose deadline has passed are ended, and challenges of that time are void.

            Example: stationmaster restore /srv/backup/monday --replace
            """)

    @Argument(help: "The backup's folder.") var folder: String
    @Flag(help: "Move a store that is there aside.") var replace = false
    @OptionGroup var asking: Asking

    func run() throws {
        let path = asking.config.file(try asking.config.settings().text("store.path"))
        let source = URL(fileURLWithPath: folder).standardizedFileURL.path
        var teller = StoreWork.Teller()
        let outcome = try StoreRestore(from: source, to: path, replacing: replace).perform(at: now()) { teller.tell($0) }
        teller.end()
        guard !asking.json else {
            let answer: JSON = .object([
                "position": .integer(outcome.position), "epoch": .integer(outcome.epoch),
                "endedJobs": .integer(Int64(outcome.endedJobs)), "made": .number(outcome.made.seconds),
                "oldStore": outcome.oldStore.map { .string($0) },
            ])
            return print(answer.printed, terminator: "")
        }
        print("\(outcome.position) reports are back at \(path); ids of items begin with \(outcome.epoch) now")
        if outcome.endedJobs > 0 { print("\(outcome.endedJobs) jobs were ended: their deadline has passed") }
        if let old = outcome.oldStore { print("the store that was there is in \(old)") }
    }
}

/// The time of the command.
private func now() -> Timestamp {
    Timestamp(seconds: Date().timeIntervalSince1970) ?? Timestamp(milliseconds: 0)
}
