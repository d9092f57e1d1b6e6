// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: XEP-0060")
struct InformationServicesPubSubTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    private func pubsub(_ inner: String, owner: Bool = false) -> String {
        "<pubsub xmlns='http://jabber.org/protocol/pubsub\(owner ? "#owner" : "")'>\(inner)</pubsub>"
    }

    private func set(_ max: Int? = nil, after: String? = nil, before: String? = nil) -> String {
        "<set xmlns='http://jabber.org/protocol/rsm'>" + (max.map { "<max>\($0)</max>" } ?? "")
            + (after.map { "<after>\($0)</after>" } ?? "") + (before.map { "<before>\($0)</before>" } ?? "") + "</set>"
    }

    @Test(
        "Each thing that cannot be done has its error",
        arguments: [
            ("set", "<subscribe node='stations/wx-1' jid='other@nws.example'/>", "bad-request/invalid-jid"),
            ("set", "<subscribe node='stations/wx-1'/>", "bad-request/jid-required"),
            ("set", "<subscribe node='stations/wx-1' jid='@'/>", "jid-malformed"),
            ("set", "<subscribe jid='weather@nws.example'/>", "bad-request/nodeid-required"),
            ("set", "<subscribe node='stations/wx-2' jid='weather@nws.example'/>", "forbidden"),
            ("set", "<subscribe node='stations/none' jid='weather@nws.example'/>", "forbidden"),
            ("set", "<subscribe node='none' jid='weather@nws.example'/>", "item-not-found"),
            ("set", "<subscribe node='stations/granted-unknown' jid='weather@nws.example'/>", "item-not-found"),
            ("set", "<unsubscribe node='stations/wx-1' jid='weather@nws.example'/>", "unexpected-request/not-subscribed"),
            ("set", "<unsubscribe node='stations/wx-1' jid='other@nws.example'/>", "forbidden"),
            ("set", "<unsubscribe node='stations/wx-1'/>", "bad-request/jid-required"),
            ("get", "<options node='stations/wx-1' jid='weather@nws.example'/>", "unexpected-request/not-subscribed"),
            ("get", "<options node='stations/wx-1'/>", "bad-request/jid-required"),
            ("get", "<items node='stations/wx-2'/>", "forbidden"),
            ("get", "<items/>", "bad-request/nodeid-required"),
            ("get", "<items node='stations/wx-1' max_items='-1'/>", "bad-request"),
            ("get", "<items node='stations/wx-1'/><set xmlns='http://jabber.org/protocol/rsm'><after>x</after></set>",
                "item-not-found"),
            ("get", "<subscriptions node='stations/wx-2'/>", "forbidden"),
            ("set", "<publish node='stations/wx-1'><item/></publish>", "feature-not-implemented/unsupported"),
            ("set", "<create node='x'/>", "feature-not-implemented/unsupported"),
            ("set", "<retract node='stations/wx-1'><item id='1-1'/></retract>", "feature-not-implemented/unsupported"),
            ("set", "", "bad-request"),
            ("set", "<subscribe node='stations/wx-1' jid='weather@nws.example'/><options/>", "bad-request/invalid-options"),
        ])
    func errors(_ type: String, _ inner: String, _ refusal: String) throws {
        let bench = try InformationBench()
        try bench.install("wx-1")
        try bench.install("wx-2")
        try bench.grant(bare, "wx-1")
        try bench.grant(bare, "granted-unknown")
        #expect(try bench.ask(type, from: consumer, pubsub(inner)).refusal == refusal)
        #expect(bench.services.subscriptionCount == 0)
    }

    @Test("Whoever has no grant is forbidden everything alike", arguments: ["all", "stations/wx-1", "stations/none", "none"])
    func stranger(_ node: String) throws {
        let bench = try InformationBench()
        try bench.install("wx-1")
        for (type, inner) in [("set", "<subscribe node='\(node)' jid='weather@nws.example'/>"), ("get", "<items node='\(node)'/>")] {
            #expect(try bench.ask(type, from: consumer, pubsub(inner)).refusal == "forbidden")
        }
        let info = "<query xmlns='http://jabber.org/protocol/disco#info' node='\(node)'/>"
        #expect(try bench.ask("get", from: consumer, info).refusal == "forbidden")
        let items = try bench.ask("get", from: consumer, "<query xmlns='http://jabber.org/protocol/disco#items'/>")
        #expect(items.elements.first?.elements.isEmpty == true)
    }

    @Test("Owner requests are refused with what is not supported", arguments: [
        ("affiliations", "modify-affiliations"), ("configure", "config-node"), ("delete", "delete-nodes"),
        ("purge", "purge-nodes"), ("subscriptions", "manage-subscriptions"), ("default", "retrieve-default"),
    ])
    func owner(_ request: String, _ feature: String) throws {
        let bench = try InformationBench()
        let answer = try bench.ask("set", from: consumer, pubsub("<\(request) node='all'/>", owner: true))
        #expect(answer.refusal == "feature-not-implemented/unsupported")
        let error = answer.elements.first { $0.name.local == "error" }
        #expect(error?.firstChild(XMLName("unsupported", Namespaces.pubsubErrors))?["feature"] == feature)
    }

    @Test("A subscription is made, listed, changed and ended, and survives a restart")
    func life() throws {
        let bench = try InformationBench()
        try bench.install("WX-1")
        try bench.grant(bare, "wx-1")
        let made = try bench.ask("set", from: consumer, pubsub("<subscribe node='stations/wx-1' jid='\(bare)'/>"))
        let subscription = made.elements.first?.elements.first
        #expect(subscription?["node"] == "stations/WX-1")
        #expect(subscription?["subscription"] == "subscribed")
        let subid = try #require(subscription?["subid"])
        #expect(subid.count == 32)
        let again = try bench.ask("set", from: consumer, pubsub("<subscribe node='stations/WX-1' jid='\(bare)'/>"))
        #expect(again.elements.first?.elements.first?["subid"] == subid)

        func form(_ answer: Element) -> [String: String] {
            let fields = answer.elements.first?.elements.first?.elements.first?.elements ?? []
            return Dictionary(
                uniqueKeysWithValues: fields.map { field in
                    (field["var"] ?? "", field.elements.first { $0.name.local == "value" }?.text ?? "")
                })
        }
        let ask = "<options node='stations/wx-1' jid='\(bare)'"
        let before = form(try bench.ask("get", from: consumer, pubsub(ask + "/>")))
        #expect(before["stationmaster#mode"] == "live" && before["stationmaster#window"] == "100" && before["pubsub#deliver"] == "1")
        func submit(_ field: String, _ value: String) throws -> Element {
            try bench.ask(
                "set", from: consumer,
                pubsub(
                    ask + "><x xmlns='jabber:x:data' type='submit'><field var='\(field)'><value>\(value)</value></field></x></options>"))
        }
        for (field, value) in [
            ("stationmaster#window", "0"), ("stationmaster#window", "1001"), ("stationmaster#mode", "push"),
            ("pubsub#deliver", "maybe"), ("pubsub#digest", "1"), ("FORM_TYPE", "other"),
        ] {
            #expect(try submit(field, value).refusal == "bad-request/invalid-options")
        }
        #expect(try submit("stationmaster#window", "7")["type"] == "result")
        #expect(try submit("stationmaster#mode", "feed")["type"] == "result")
        try bench.restart()
        let after = form(try bench.ask("get", from: consumer, pubsub(ask + "/>")))
        #expect(after["stationmaster#mode"] == "feed" && after["stationmaster#window"] == "7")
        let list = try bench.ask("get", from: consumer, pubsub("<subscriptions/>"))
        #expect(list.elements.first?.elements.first?.elements.map { $0["subid"] } == [subid])
        #expect(try bench.command("subscription.list")["subscriptions"]?.items.first?["mode"]?.string == "feed")
        let wrong = "<unsubscribe node='stations/wx-1' jid='\(bare)' subid='x'/>"
        #expect(try bench.ask("set", from: consumer, pubsub(wrong)).refusal == "not-acceptable/invalid-subid")
        let end = "<unsubscribe node='stations/wx-1' jid='\(bare)' subid='\(subid)'/>"
        #expect(try bench.ask("set", from: consumer, pubsub(end))["type"] == "result")
        try bench.restart()
        #expect(bench.services.subscriptionCount == 0)
    }

    @Test("Somebody else's subscription cannot be seen, changed, ended or taken")
    func others() throws {
        let bench = try InformationBench()
        try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        try bench.grant("thief@nws.example", "wx-1")
        let subid = try bench.subscribe(consumer, "stations/wx-1", mode: "feed")
        let thief = "thief@nws.example/x"
        for inner in ["<options node='stations/wx-1' jid='\(bare)'/>", "<unsubscribe node='stations/wx-1' jid='\(bare)'/>"] {
            let type = inner.hasPrefix("<options") ? "get" : "set"
            #expect(try bench.ask(type, from: thief, pubsub(inner)).refusal == "forbidden")
        }
        let list = try bench.ask("get", from: thief, pubsub("<subscriptions/>"))
        #expect(list.elements.first?.elements.first?.elements.isEmpty == true)
        _ = try bench.sent()
        try bench.resume(thief, subid)
        #expect(try bench.sent().first?.refusal == "forbidden")
        try bench.receive(InformationBench.ack(thief, subid, "1-1"))
        #expect(try bench.sent().first?.refusal == "forbidden")
    }

    @Test("Affiliations are those of the asker")
    func affiliations() throws {
        let bench = try InformationBench()
        for serial in ["b", "a"] { try bench.install(serial) }
        try bench.grant(bare, "a")
        func affiliations(_ inner: String) throws -> [String] {
            let answer = try bench.ask("get", from: consumer, pubsub(inner))
            return answer.elements.first?.elements.first?.elements.map { "\($0["node"] ?? "") \($0["affiliation"] ?? "")" } ?? []
        }
        #expect(try affiliations("<affiliations/>") == ["all member", "stations/a member"])
        #expect(try affiliations("<affiliations node='stations/a'/>") == ["stations/a member"])
        #expect(try affiliations("<affiliations node='stations/b'/>") == ["stations/b outcast"])
        #expect(try affiliations("<affiliations node='stations/none'/>") == ["stations/none outcast"])
    }

    @Test("Nodes are listed in pages, only those that the asker may see")
    func discovery() throws {
        let bench = try InformationBench { $0.pageLimit = 3 }
        for serial in ["D", "b", "a", "c"] { try bench.install(serial) }
        func nodes(_ inner: String = "") throws -> [String?] {
            let answer = try bench.ask(
                "get", from: consumer, "<query xmlns='http://jabber.org/protocol/disco#items'>\(inner)</query>")
            return answer.elements.first?.elements.filter { $0.name.local == "item" }.map { $0["node"] } ?? []
        }
        try bench.grant(bare, "all")
        #expect(try nodes() == ["all", "stations/a", "stations/b"])
        #expect(try nodes(set(3, after: "stations/b")) == ["stations/c", "stations/D"])
        try bench.install("bb")
        #expect(try nodes(set(3, after: "stations/b")) == ["stations/bb", "stations/c", "stations/D"])
        #expect(try nodes(set(2, before: "")) == ["stations/c", "stations/D"])
        try bench.revoke(bare, "all")
        try bench.grant(bare, "d")
        #expect(try nodes() == ["all", "stations/D"])
        let info = try bench.ask(
            "get", from: consumer, "<query xmlns='http://jabber.org/protocol/disco#info' node='stations/D'/>")
        let identity = info.elements.first?.elements.first
        #expect(identity?["category"] == "pubsub" && identity?["type"] == "leaf")
    }

    @Test("Stored items are returned as received: the newest, by id, and in pages that meet")
    func items() throws {
        let bench = try InformationBench { $0.pageLimit = 4 }
        let one = try bench.install("wx-1")
        let two = try bench.install("wx-2")
        for seq in 1...6 {
            try bench.report(from: one, #"{ "seq":\#(seq) ,"records":[{"n":"t<&>","vs":"\u0001"}]}"#.replacing("t<&>", with: "t"))
            try bench.report(from: two, InformationBench.body(Int64(seq)))
        }
        try bench.grant(bare, "wx-1")
        func items(_ inner: String) throws -> [(id: String, text: String)] {
            let answer = try bench.ask("get", from: consumer, pubsub(inner))
            let list = answer.elements.first?.elements.first?.elements ?? []
            return list.map { ($0["id"] ?? "", $0.elements.first?.elements.first?.text ?? "") }
        }
        for node in ["stations/wx-1", "all"] {
            let newest = try items("<items node='\(node)' max_items='2'/>")
            #expect(newest.map(\.id) == ["1-9", "1-11"])
            #expect(newest.last?.text == #"{ "seq":6 ,"records":[{"n":"t","vs":"\u0001"}]}"#)
            #expect(try items("<items node='\(node)'><item id='1-3'/><item id='1-4'/><item id='2-1'/></items>").map(\.id) == ["1-3"])
            var seen: [String] = []
            var page = try items("<items node='\(node)'/>" + set(4))
            while let last = page.last {
                seen += page.map(\.id)
                page = try items("<items node='\(node)'/>" + set(4, after: last.id))
            }
            #expect(seen == ["1-1", "1-3", "1-5", "1-7", "1-9", "1-11"])
            seen = []
            page = try items("<items node='\(node)'/>" + set(3, before: ""))
            while let first = page.first {
                seen = page.map(\.id) + seen
                page = try items("<items node='\(node)'/>" + set(3, before: first.id))
            }
            #expect(seen == ["1-1", "1-3", "1-5", "1-7", "1-9", "1-11"])
        }
        try bench.grant(bare, "all")
        #expect(try items("<items node='all' max_items='3'/>").map(\.id) == ["1-10", "1-11", "1-12"])
    }

    @Test("Lists of commands come in pages")
    func commands() throws {
        let bench = try InformationBench()
        for name in ["a", "b", "c"] { try bench.grant("\(name)@nws.example", "all") }
        try bench.grant("a@nws.example", "wx-1")
        var seen: [String] = []
        var page = try bench.command("grant.list", .object(["limit": 3]))
        seen += page["grants"]?.items.map { "\($0["consumer"]?.string ?? "") \($0["station"]?.string ?? "")" } ?? []
        let next = try #require(page["next"]?.string)
        page = try bench.command("grant.list", .object(["after": .string(next)]))
        seen += page["grants"]?.items.map { "\($0["consumer"]?.string ?? "") \($0["station"]?.string ?? "")" } ?? []
        #expect(page["next"] == nil)
        #expect(seen == ["a@nws.example all", "a@nws.example wx-1", "b@nws.example all", "c@nws.example all"])
        #expect(throws: CommandError.self) { try bench.revoke("nobody@nws.example", "all") }
        #expect(throws: CommandError.self) { try bench.grant("a@nws.example/x", "all") }
        #expect(throws: CommandError.self) { try bench.grant("a@nws.example", "not a serial") }
    }
}
