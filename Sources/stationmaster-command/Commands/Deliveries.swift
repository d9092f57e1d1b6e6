// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationJSON

struct SubscriptionCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscription", abstract: "Subscriptions of consumers.",
        discussion: "Consumers make and end them by themselves, over XMPP; the operator ends one by taking the grant back.",
        subcommands: [List.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List subscriptions: node, mode, and how far each feed has come.",
            discussion: """
                CURSOR is the last item that was acknowledged, WAITING the items that were sent and are not acknowledged \
                yet, TAKER the address that the feed goes to at present.

                Example: stationmaster subscription list
                """)
        @OptionGroup var pages: PageOptions
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("subscription.list", list: "subscriptions", pages) { answer in
                Table(
                    headings: ["CONSUMER", "NODE", "MODE", "SINCE", "CURSOR", "WAITING", "TAKER", "SUBID"],
                    rows: answer.rows("subscriptions").map {
                        [
                            $0.cell("jid"), $0.cell("node"), $0.cell("mode"), $0.time("created"), $0.cell("cursor"),
                            $0.cell("unacknowledged"), $0.cell("taker"), $0.cell("subid"),
                        ]
                    })
            }
        }
    }
}

struct QuarantineCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Items that are not sent any more, since the server closed the link after them.",
        subcommands: [List.self, Release.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the items in quarantine.", discussion: "Example: stationmaster quarantine list")
        @OptionGroup var pages: PageOptions
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("quarantine.list", list: "items", pages) { answer in
                Table(
                    headings: ["ITEM", "STATION", "SEQ", "SINCE", "LINKS LOST"],
                    rows: answer.rows("items").map {
                        [$0.cell("item"), $0.cell("serial"), $0.cell("seq"), $0.time("at"), $0.cell("losses")]
                    })
            }
        }
    }

    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an item out: it is sent again where it is asked for.",
            discussion: """
                Feeds that have gone past it do not come back to it; it is there again as history.

                Example: stationmaster quarantine release 1-4711
                """)
        @Argument(help: "The item's id.") var item: String
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("quarantine.release", [.init("item", .string(item))]) { "item \($0.cell("item")) is free" }
        }
    }
}
