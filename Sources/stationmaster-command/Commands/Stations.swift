// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationJSON

struct StationCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station", abstract: "Announce stations, list them, show one, revoke one.",
        subcommands: [Announce.self, List.self, Show.self, RevokeStation.self])

    struct Announce: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that these stations are yours and may be installed.",
            discussion: "Example: stationmaster station announce wx-1 wx-2 --owner 'Weather Office'")
        @Argument(help: "Serials.") var serials: [String] = []
        @ArgumentParser.Option(help: "A file with one serial a line; - for standard input.") var file: String?
        @ArgumentParser.Option(help: "The owner; the configured one if not given.") var owner: String?
        @OptionGroup var asking: Asking

        func run() throws {
            var arguments: [JSON.Member] = [.init("serials", try stationmaster_command.serials(serials, file: file))]
            if let owner { arguments.append(.init("owner", .string(owner))) }
            try asking.show("station.announce", arguments) {
                "\($0.cell("announced")) announced by \($0.cell("owner"))"
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List stations with their state.")
        @ArgumentParser.Option(help: "Only those in this state: announced is told for those not installed yet.") var state: String?
        @ArgumentParser.Option(help: "Begin after this serial.") var after: String?
        @ArgumentParser.Option(help: "At most so many.") var limit = 1000
        @OptionGroup var asking: Asking

        func run() throws {
            var arguments: [JSON.Member] = [.init("limit", .integer(Int64(limit)))]
            if let state { arguments.append(.init("state", .string(state))) }
            if let after { arguments.append(.init("after", .string(after))) }
            try asking.show("station.list", arguments) { answer in
                let table = Table(
                    headings: ["SERIAL", "STATE", "PRESENCE", "OWNER", "MODEL", "FIRMWARE", "LAST SEEN"],
                    rows: answer.rows("stations").map {
                        [
                            $0.cell("serial"), $0.cell("state"), $0.cell("presence"), $0.cell("owner"), $0.cell("model"),
                            $0.cell("firmware"), $0.time("lastSeen"),
                        ]
                    })
                let next = answer["next"]?.string.map { "\n… more with --after \($0)" } ?? ""
                return table.text + next
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all that is known of a station.")
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
                        text = inner.map { "\($0.key) \(member.value.cell($0.key))" }.joined(separator: ", ")
                    } else {
                        text = answer.cell(member.key)
                    }
                    return "\(member.key): \(text)"
                }.joined(separator: "\n")
            }
        }
    }

    struct RevokeStation: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Take a station out of service: nothing of it is accepted any more.")
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
        discussion: "Presence, identity, jobs, reports and deliveries, oldest first.")
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

struct StatusQuery: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "How the component is.")
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("status") { answer in
            let states = answer["stations"].map { value -> String in
                guard case .object(let members) = value else { return "" }
                return members.map { "\($0.key) \(value.cell($0.key))" }.joined(separator: ", ")
            }
            return """
                \(answer.cell("domain")) \(answer.cell("version")), process \(answer.cell("pid")), \
                up \(Int(answer["uptime"]?.double ?? 0)) s
                link: \(answer.cell("link"))
                stations: \(states ?? ""); online: \(answer.cell("online"))
                store: \(answer.cell("store"))
                """
        }
    }
}
