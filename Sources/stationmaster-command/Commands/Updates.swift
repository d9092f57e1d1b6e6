// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationJSON

struct UpdateCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Offer software updates and follow them.",
        subcommands: [Offer.self, Status.self])

    struct Offer: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer a release to stations; each chooses its moment before the deadline.",
            discussion: """
                Example:
                  stationmaster update offer --manifest manifest.json \\
                      --deadline 86400 wx-1 wx-2
                """)
        @ArgumentParser.Option(help: "The signed manifest.") var manifest: String
        @ArgumentParser.Option(help: "Seconds from now until it must be done.") var deadline: Double
        @ArgumentParser.Option(help: "Seconds from now before which it must not begin.") var notBefore: Double = 0
        @Argument(help: "Serials.") var serials: [String] = []
        @ArgumentParser.Option(help: "A file with one serial a line; - for standard input.") var file: String?
        @OptionGroup var asking: Asking

        func run() throws {
            guard let data = FileManager.default.contents(atPath: manifest) else { throw ValidationError("cannot read \(manifest)") }
            let now = Date().timeIntervalSince1970
            let envelope = try JSONDocument([UInt8](data)).root.json
            try asking.show(
                "update.offer",
                [
                    .init("manifest", envelope), .init("serials", .array(try stationmaster_command.serials(serials, file: file))),
                    .init("deadline", .number((now + deadline).rounded())), .init("notBefore", .number((now + notBefore).rounded(.down))),
                ]
            ) { answer in
                Table(
                    headings: ["SERIAL", "JOB"], rows: answer.rows("jobs").map { [$0.cell("serial"), $0.cell("job")] }
                ).text
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How the updates stand, the newest first.",
            discussion: """
                Examples:
                  stationmaster update status
                  stationmaster update status wx-1
                """)
        @Argument(help: "A serial; all stations if not given.") var serial: String?
        @OptionGroup var pages: PageOptions
        @OptionGroup var asking: Asking

        func run() throws {
            let arguments: [JSON.Member] = serial.map { [.init("serial", .string($0))] } ?? []
            try asking.show("update.status", arguments, list: "jobs", pages) { answer in
                Table(
                    headings: ["SERIAL", "VERSION", "STATE", "UPDATED", "DETAIL"],
                    rows: answer.rows("jobs").map {
                        [$0.cell("serial"), $0.cell("version"), $0.cell("state"), $0.time("updated"), $0.cell("detail")]
                    })
            }
        }
    }
}
