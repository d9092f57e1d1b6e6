// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationJSON

/// Consumer and station: what a grant is about.
struct GrantArguments: ParsableArguments {
    @Argument(help: "The consumer's bare JID.") var consumer: String
    @Argument(help: "A serial, or 'all'.") var station: String

    var members: [JSON.Member] { [.init("consumer", .string(consumer)), .init("station", .string(station))] }
}

struct Grant: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a consumer have a station's data.",
        discussion: "Example: stationmaster grant weather@example.org wx-1")
    @OptionGroup var arguments: GrantArguments
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("grant.add", arguments.members) { _ in "\(arguments.consumer) may have the data of \(arguments.station)" }
    }
}

struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a grant back; it is in force at once.")
    @OptionGroup var arguments: GrantArguments
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("grant.remove", arguments.members) { _ in
            "\(arguments.consumer) no longer has the data of \(arguments.station)"
        }
    }
}

struct Grants: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List grants.")
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("grant.list") { answer in
            Table(
                headings: ["CONSUMER", "STATION"],
                rows: answer.rows("grants").map { [$0.cell("consumer"), $0.cell("station")] }
            ).text
        }
    }
}

struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the hash-chained log of receipts and management, or verify it.")
    @ArgumentParser.Option(help: "Begin after this entry.") var after = 0
    @ArgumentParser.Option(help: "At most so many entries.") var limit = 1000
    @Flag(help: "Follow the chain from the first entry and say whether it is whole.") var verify = false
    @OptionGroup var asking: Asking

    func run() throws {
        if verify {
            try asking.show("log.verify") { "the log is whole: \($0.cell("entries")) entries, last hash \($0.cell("hash"))" }
            return
        }
        try asking.show("log", [.init("after", .integer(Int64(after))), .init("limit", .integer(Int64(limit)))]) { answer in
            Table(
                headings: ["#", "TIME", "ACTOR", "ACTION", "SUBJECT", "HASH"],
                rows: answer.rows("entries").map {
                    [
                        $0.cell("sequence"), $0.time("at"), $0.cell("actor"), $0.cell("action"), $0.cell("subject"),
                        String($0.cell("hash").prefix(12)),
                    ]
                }
            ).text
        }
    }
}
