// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationJSON

struct Batch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Batches of serials that may be engraved.",
        discussion: "A unit can be engraved only while a batch with its serial is open, and from a factory host.",
        subcommands: [Open.self, List.self, Close.self])

    struct Open: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a batch: only its serials can be engraved, for some hours, from the factory hosts.",
            discussion: """
                Examples:
                  stationmaster batch open spring-1 --serials wx-1,wx-2 --model WX1 \\
                      --hours 8
                  seq -f wx-%g 100 | stationmaster batch open spring-2 --file - \\
                      --model WX1 --hours 8
                """)

        @Argument(help: "The batch's name.") var name: String
        @ArgumentParser.Option(help: "Serials, parted by commas.") var serials: [String] = []
        @ArgumentParser.Option(help: "A file with one serial a line; - for standard input.") var file: String?
        @ArgumentParser.Option(help: "The model that is made.") var model: String
        @ArgumentParser.Option(help: "For how many hours.") var hours: Double
        @OptionGroup var asking: Asking

        func run() throws {
            let list = try stationmaster_command.serials(serials, file: file)
            // Given again, the command goes on where it was interrupted: what the batch has already changes nothing.
            let answer = try asking.call(list, count: "serials") { page, isFirst in
                let members: [JSON.Member] = [.init("name", .string(name)), .init("serials", page)]
                guard isFirst else { return ("batch.extend", members) }
                return ("batch.open", members + [.init("model", .string(model)), .init("hours", .number(hours))])
            }
            asking.output.show(answer) { "batch \($0.cell("batch")) is open for \($0.cell("serials")) serials until \($0.time("closes"))" }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all batches.", discussion: "Example: stationmaster batch list")
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("batch.list") { answer in
                Table(
                    headings: ["BATCH", "MODEL", "OPEN", "CLOSES", "SERIALS", "ENGRAVED"],
                    rows: answer.rows("batches").map {
                        [$0.cell("batch"), $0.cell("model"), $0.cell("open"), $0.time("closes"), $0.cell("serials"), $0.cell("engraved")]
                    }
                ).text
            }
        }
    }

    struct Close: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a batch now.", discussion: "Example: stationmaster batch close spring-1")
        @Argument(help: "The batch's name.") var name: String
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("batch.close", [.init("name", .string(name))]) { "batch \($0.cell("batch")) is closed" }
        }
    }
}
