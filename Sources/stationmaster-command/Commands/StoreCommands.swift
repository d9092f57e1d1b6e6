// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationJSON
import StationModel
import StationStore

/// What both commands do with a store.
private func open(_ config: ConfigurationOption) throws -> StationStore {
    let path = config.file(try config.settings().text("store.path"))
    guard FileManager.default.fileExists(atPath: path) else {
        throw ValidationError("there is no store at \(path); see store.path in \(config.path)")
    }
    return try StationStore(path: path)
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look whether everything in the store is as it was written.",
        discussion: """
            Reads the whole store: the database, the chain of the log of receipts, every report against its checksum, \
            every index. No component may run on it meanwhile. Exit status 1 and a sentence for the first thing that \
            is damaged.
            """)

    @OptionGroup var config: ConfigurationOption
    @Flag(name: .customLong("json"), help: "Print JSON.") var json = false

    func run() throws {
        let isTerminal = isatty(2) == 1
        let (reports, entries) = try open(config).verify { part in
            let line = isTerminal ? "\r\u{1B}[Klooking at \(part)" : "looking at \(part)\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        let answer: JSON = ["reports": .integer(reports), "receipts": .integer(entries), "damaged": .boolean(false)]
        print(json ? answer.prettyPrinted() : "\(reports) reports and \(entries) entries of the log of receipts: all is well")
    }
}

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the stored reports, one JSON object a line.",
        discussion: """
            Each line has the position in the log, the item's id, the station, its number, when the report was stored \
            (UTC seconds), whether it was late, and the report as it came. No component may run on the store meanwhile.

            Example: stationmaster export --station wx-1 --after 4711
            """)

    @OptionGroup var config: ConfigurationOption
    @ArgumentParser.Option(help: "Only this station.") var station: String?
    @ArgumentParser.Option(help: "Only reports behind this position.") var after: Int64 = 0

    func run() throws {
        let serial: Serial?
        do { serial = try station.map { try Serial($0) } } catch { throw ValidationError("--station: \(error)") }
        var lines: [UInt8] = []
        func flush() {
            FileHandle.standardOutput.write(Data(lines))
            lines.removeAll(keepingCapacity: true)
        }
        try open(config).eachReport(after: after, of: serial) { report in
            let body = (try? JSONDocument(report.entry.body))?.root.json ?? .null
            let line: JSON = [
                "position": .integer(report.entry.position), "item": .string(report.item),
                "station": .string(report.serial), "seq": .integer(report.entry.sequence),
                "stored": .number(report.entry.receivedAt.seconds), "late": .boolean(report.entry.isLate), "report": body,
            ]
            lines += Array((line.text + "\n").utf8)
            if lines.count > 1 << 16 { flush() }
        }
        flush()
    }
}
