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
        discussion: """
            Examples:
              stationmaster grant weather@example.org wx-1
              stationmaster grant weather@example.org all
            """)
    @OptionGroup var arguments: GrantArguments
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("grant.add", arguments.members) { "\($0.cell("consumer")) may have the data of \($0.cell("station"))" }
    }
}

struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a grant back; it is in force at once.",
        discussion: """
            Ends the consumer's subscriptions that need the grant. To take a station out of service: stationmaster \
            station revoke.

            Example: stationmaster revoke weather@example.org wx-1
            """)
    @OptionGroup var arguments: GrantArguments
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("grant.remove", arguments.members) {
            "\($0.cell("consumer")) no longer has the data of \($0.cell("station"))"
        }
    }
}

struct Grants: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List grants: who may have whose data.",
        discussion: """
            Examples:
              stationmaster grants
              stationmaster grants --consumer weather@example.org
            """)
    @ArgumentParser.Option(help: "Only this consumer's: a bare JID.") var consumer: String?
    @OptionGroup var pages: PageOptions
    @OptionGroup var asking: Asking

    func run() throws {
        let arguments = consumer.map { [JSON.Member("consumer", .string($0))] } ?? []
        try asking.show("grant.list", arguments, list: "grants", pages) { answer in
            Table(
                headings: ["CONSUMER", "STATION", "SINCE"],
                rows: answer.rows("grants").map { [$0.cell("consumer"), $0.cell("station"), $0.time("at")] })
        }
    }
}

struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the hash-chained log of receipts and management, or verify it.",
        discussion: """
            Examples:
              stationmaster log --after 4711
              stationmaster log --verify
            """)
    @ArgumentParser.Option(help: "Begin behind this entry.") var after: Int64 = 0
    @ArgumentParser.Option(help: "At most so many entries; all if not given.") var limit: Int?
    @Flag(help: "Follow the chain from the first entry and say whether it is whole.") var verify = false
    @OptionGroup var asking: Asking

    func validate() throws {
        guard after >= 0 else { throw ValidationError("--after is the number of an entry") }
        guard limit ?? 1 >= 1 else { throw ValidationError("--limit is 1 or more") }
    }

    func run() throws {
        if verify {
            try asking.show("log.verify") { "the log is whole: \($0.cell("entries")) entries, last hash \($0.cell("hash"))" }
            return
        }
        var entries: [JSON] = []
        var last = after
        while entries.count < limit ?? .max {
            let wanted = min(ListPages.page, (limit ?? .max) - entries.count)
            let page = try asking.call("log", [.init("after", .integer(last)), .init("limit", .integer(Int64(wanted)))]).rows("entries")
            entries += page
            guard page.count == wanted, let number = page.last?["sequence"]?.int64, number > last else { break }
            last = number
        }
        asking.output.show(["entries": .array(entries)]) { answer in
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
