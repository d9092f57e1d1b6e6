// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: late reports and the first one")
struct InformationServicesLateTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    /// `id` of each item in messages, with an exclamation mark for a late one.
    private func items(_ stanzas: [Element]) -> [String] {
        stanzas.compactMap { $0.firstChild(XMLName("event", Namespaces.pubsubEvent))?.elements.first }.flatMap(\.elements).map(text)
    }

    private func text(_ item: Element) -> String {
        (item["id"] ?? "") + (item.elements.first?["late"] == "true" ? "!" : item.elements.first?["late"] ?? "")
    }

    @Test("A late report says so, live and in a feed, from the tail and from the log, held and as history", arguments: ["all", "stations/wx-1"])
    func late(_ node: String) throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        try bench.grant("farmer@nws.example", "wx-1")
        _ = try bench.subscribe("farmer@nws.example/x", node)
        let subid = try bench.subscribe(consumer, node, mode: "feed")
        for seq in [1, 4, 3] { try bench.publish(from: station, Int64(seq)) }
        #expect(items(try bench.sent()) == ["1-1", "1-2", "1-3!"])
        try bench.resume(consumer, subid)
        #expect(items(try bench.sent()) == ["1-1", "1-2", "1-3!"])
        try bench.publish(from: station, 2)
        #expect(items(try bench.sent()).sorted() == ["1-4!", "1-4!"])
        let first = try bench.ask("get", from: consumer, history(node))
        #expect(first.elements.first?.elements.first?.elements.map(text) == ["1-1", "1-2", "1-3!", "1-4!"])
        bench.outlet.set(up: false)
        for seq in [9, 8] { try bench.publish(from: station, Int64(seq)) }
        bench.outlet.set(up: true)
        try bench.advance(seconds: 1)
        #expect(items(try bench.sent()).contains("1-6!"))
    }

    private func history(_ node: String) -> String {
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='\(node)'/></pubsub>"
    }

    @Test("A new subscriber begins with the next report, and is told nothing of those before")
    func beginsWithTheNext() throws {
        let bench = try InformationBench()
        let one = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        try bench.publish(from: one, 1)
        _ = try bench.sent()
        try bench.receive(
            """
            <iq type='set' id='s' from='\(consumer)' to='\(InformationBench.domain)'>\
            <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='all' jid='\(bare)'/></pubsub></iq>
            """)
        #expect(try bench.sent().map(\.name.local) == ["iq"])
        try bench.publish(from: one, 2)
        #expect(items(try bench.sent()) == ["1-2"])
    }
}
