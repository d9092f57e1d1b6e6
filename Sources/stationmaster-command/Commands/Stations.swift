// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationCore
import StationJSON

struct StationCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station", abstract: "Announce stations, list them, show one, release or revoke one.",
        subcommands: [Announce.self, List.self, Show.self, ReleaseStation.self, RevokeStation.self])

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

        func run() throws {
            let list = try stationmaster_command.serials(serials, file: file)
            let ownership = owner.map { [JSON.Member("owner", .string($0))] } ?? []
            let answer = try asking.call(list, count: "announced") { page, _ in
                ("station.announce", [.init("serials", page)] + ownership)
            }
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

    struct ReleaseStation: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Let a station report again that was suspended, for instance as a clone.",
            discussion: "Example: stationmaster station release wx-1")
        @Argument(help: "The serial.") var serial: String
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("station.release", [.init("serial", .string(serial))]) { "station \($0.cell("serial")) may report again" }
        }
    }

    struct RevokeStation: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Take a station out of service: nothing of it is accepted any more.",
            discussion: """
                There is no way back: the serial stays taken. The server is asked to end its session; see Operating for how to \
                keep it off the server.

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
