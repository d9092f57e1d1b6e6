// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationCore
import StationJSON
import StationModel
import StationStore
import Stationmaster
import XMPPCore

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the stored reports, one JSON object a line.",
        discussion: """
            Each line has the position in the log, the item's id, the station, its number, when the report was stored \
            (UTC seconds), whether it was late, and the report as it came, to the letter. A running component is asked \
            page by page; otherwise the store is opened.

            Examples:
              stationmaster export --station wx-1 --after 4711
              stationmaster export --since 2026-11-23T00:00:00Z \\
                  --until 2026-11-24T00:00:00Z
            """)

    @OptionGroup var config: ConfigurationOption
    @OptionGroup var output: OutputOption
    @ArgumentParser.Option(help: "Only this station.") var station: String?
    @ArgumentParser.Option(help: "Only reports behind this position.") var after: Int64 = 0
    @ArgumentParser.Option(help: "Only reports stored at or after this time (XEP-0082, such as 2026-11-23T00:00:00Z).")
    var since: String?
    @ArgumentParser.Option(help: "Only reports stored at or before this time.") var until: String?

    func validate() throws {
        guard after >= 0 else { throw ValidationError("--after is no position") }
        _ = try range()
        do { _ = try station.map { try Serial($0) } } catch { throw ValidationError("--station: \(error)") }
    }

    private func range() throws -> ClosedRange<Timestamp> {
        func time(_ name: String, _ text: String?, _ otherwise: Int64) throws -> Timestamp {
            guard let text else { return Timestamp(milliseconds: otherwise) }
            guard let time = DateTime.milliseconds(text) else {
                throw ValidationError("--\(name) takes a time such as 2026-11-23T00:00:00Z")
            }
            return Timestamp(milliseconds: time)
        }
        let from = try time("since", since, .min)
        let to = try time("until", until, .max)
        guard from <= to else { throw ValidationError("--until lies before --since") }
        return from...to
    }

    func run() throws {
        let range = try range()
        var next: Int64? = after
        var isOffline = false
        while let last = next, !isOffline {
            var arguments: [JSON.Member] = [
                .init("after", .integer(last)), .init("sinceMilliseconds", .integer(range.lowerBound.milliseconds)),
                .init("untilMilliseconds", .integer(range.upperBound.milliseconds)),
            ]
            if let station { arguments.append(.init("station", .string(station))) }
            let socket = config.file(try config.settings().text("control.socket"))
            do {
                let answer = try ControlClient(path: socket).call("store.export", .object(arguments))
                next = answer["next"]?.int64
                var lines: [UInt8] = []
                for report in answer.rows("reports") {
                    let text = Array((report["text"]?.string ?? "null").utf8)
                    var head = report
                    head["text"] = nil
                    Self.append(head, text, to: &lines)
                }
                Self.write(lines)
            } catch let error as CommandError where error.condition == "not-running" && last == after {
                isOffline = true
            }
        }
        if isOffline { try offline(range) }
    }

    private func offline(_ range: ClosedRange<Timestamp>) throws {
        var lines: [UInt8] = []
        try openStore(config).eachReport(after: after, of: station.map { try Serial($0) }, within: range) { report in
            let head: JSON = [
                "position": .integer(report.entry.position), "item": .string(report.item),
                "station": .string(report.serial), "seq": .integer(report.entry.sequence),
                "stored": .number(report.entry.receivedAt.seconds), "late": .boolean(report.entry.isLate),
            ]
            Self.append(head, report.entry.body, to: &lines)
            if lines.count > 1 << 16 {
                Self.write(lines)
                lines.removeAll(keepingCapacity: true)
            }
        }
        Self.write(lines)
    }

    /// One line. What separates lines is only ever between the tokens of a JSON text, and may be a space there.
    private static func append(_ head: JSON, _ text: [UInt8], to lines: inout [UInt8]) {
        lines += head.serialized().dropLast()
        lines += ",\"report\":".utf8
        lines += text.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
        lines += "}\n".utf8
    }

    /// To the letter into a file or a pipe; harmless on a terminal.
    private static func write(_ lines: [UInt8]) {
        guard isatty(STDOUT_FILENO) == 1 else { return FileHandle.standardOutput.write(Data(lines)) }
        let text = TerminalText.json(String(decoding: lines, as: UTF8.self), isTerminal: true)
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
