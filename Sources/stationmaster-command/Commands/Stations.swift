// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationCore
import StationJSON

struct StationCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station", abstract: "Announce stations, list them, show one, revoke one.",
        subcommands: [Announce.self, List.self, Show.self, RevokeStation.self])

    struct Announce: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that these stations are yours and may be installed.",
            discussion: """
                A station is installed only if its serial was announced before. More than 1,000 go in portions of \
                1,000; what was announced before a refusal stays announced, and may be announced again.

                Examples:
                  stationmaster station announce wx-1 wx-2 --owner 'Weather Office'
                  stationmaster station announce --file serials.txt
                """)
        @Argument(help: "Serials.") var serials: [String] = []
        @ArgumentParser.Option(help: "A file with one serial a line; - for standard input.") var file: String?
        @ArgumentParser.Option(help: "The owner; the configured one if not given.") var owner: String?
        @OptionGroup var asking: Asking

        /// In portions, so that the component does other work in between.
        static let portion = 1000

        func run() throws {
            let list = try stationmaster_command.serials(serials, file: file)
            let ownership = owner.map { [JSON.Member("owner", .string($0))] } ?? []
            var announced: Int64 = 0
            var answer: JSON = .null
            for start in stride(from: 0, to: list.count, by: Self.portion) {
                let part = list[start..<min(start + Self.portion, list.count)]
                do {
                    answer = try asking.call("station.announce", [.init("serials", .array(Array(part)))] + ownership)
                } catch let error as CommandError where announced > 0 {
                    throw CommandError(error.condition, "\(error.text); the first \(announced) serials are announced")
                }
                announced += answer["announced"]?.int64 ?? 0
            }
            answer["announced"] = .integer(announced)
            asking.output.show(answer) { "\($0.cell("announced")) announced by \($0.cell("owner"))" }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List stations with their state.",
            discussion: """
                Examples:
                  stationmaster station list --state installed
                  stationmaster station list --limit 100 --after wx-100
                """)
        @ArgumentParser.Option(help: "Only those in this state, such as announced, installed or revoked.") var state: String?
        @OptionGroup var pages: PageOptions
        @OptionGroup var asking: Asking

        func run() throws {
            let arguments = state.map { [JSON.Member("state", .string($0))] } ?? []
            try asking.show("station.list", arguments, list: "stations", pages) { answer in
                Table(
                    headings: ["SERIAL", "STATE", "PRESENCE", "OWNER", "MODEL", "FIRMWARE", "LAST SEEN"],
                    rows: answer.rows("stations").map {
                        [
                            $0.cell("serial"), $0.cell("state"), $0.cell("presence"), $0.cell("owner"), $0.cell("model"),
                            $0.cell("firmware"), $0.time("lastSeen"),
                        ]
                    })
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all that is known of a station.", discussion: "Example: stationmaster station show wx-1")
        @Argument(help: "The serial.") var serial: String
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("station.show", [.init("serial", .string(serial))]) { answer in
                let times: Set<String> = ["lastSeen", "engraved", "installed"]
                guard case .object(let members) = answer else { return "" }
                return members.map { member in
                    let text: String
                    if times.contains(member.key) {
                        text = answer.time(member.key)
                    } else if case .object(let inner) = member.value {
                        text = inner.map { "\(TerminalText.safe($0.key)) \(member.value.cell($0.key))" }.joined(separator: ", ")
                    } else {
                        text = answer.cell(member.key)
                    }
                    return "\(TerminalText.safe(member.key)): \(text)"
                }.joined(separator: "\n")
            }
        }
    }

    struct RevokeStation: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Take a station out of service: nothing of it is accepted any more.",
            discussion: """
                There is no way back: the serial stays taken. The server still lets the station log in; see Operating.

                Example: stationmaster station revoke wx-1
                """)
        @Argument(help: "The serial.") var serial: String
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("station.revoke", [.init("serial", .string(serial))]) { "station \($0.cell("serial")) is revoked" }
        }
    }
}

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell everything that has happened to a station, as one timeline.",
        discussion: """
            Presence, identity, jobs, reports, deliveries and grants, oldest first.

            Example: stationmaster explain wx-1 --limit 20
            """)
    @Argument(help: "The serial.") var serial: String
    @ArgumentParser.Option(help: "At most so many lines, the last ones.") var limit = 200
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("station.explain", [.init("serial", .string(serial)), .init("limit", .integer(Int64(limit)))]) { answer in
            Table(
                headings: ["TIME", "ABOUT", "WHAT", "DETAIL"],
                rows: answer.rows("entries").map {
                    [$0.time("at"), $0.cell("category"), $0.cell("text"), $0["detail"]?.string ?? ""]
                }
            ).text
        }
    }
}
