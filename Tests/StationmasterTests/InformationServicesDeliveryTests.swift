// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationJSON
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: delivery")
struct InformationServicesDeliveryTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    @Test("A live subscription gets each report as a headline, with the bytes as received, after the acknowledgement")
    func live() throws {
        let bench = try InformationBench()
        let station = try bench.install("WX-1")
        try bench.grant(bare, "wx-1")
        _ = try bench.subscribe(consumer, "stations/wx-1")
        _ = try bench.sent()
        let body = #"{ "records":[{"n":"t","vs":"<&>\"\u0001"}],"seq":1 }"#
        let escaped = body.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        try bench.receive(InformationBench.report(from: station, escaped))
        let sent = try bench.sent()
        #expect(sent.map(\.name.local) == ["iq", "message"])
        let delivery = try #require(sent.deliveries.first)
        #expect(delivery.to == bare && delivery.type == "headline" && delivery.subid == nil)
        #expect(delivery.node == "stations/WX-1" && delivery.id == "1-1" && delivery.body == body)
        let item = sent.last?.elements.first?.elements.first?.elements.first
        #expect(item?["publisher"] == "wx-1@stations.localhost")
        #expect(sent.last?["from"] == InformationBench.domain)
        try bench.receive(InformationBench.report(from: station, escaped))
        #expect(try bench.sent().deliveries.isEmpty, "a duplicate is not delivered")
    }

    @Test("A report goes only to subscriptions that are granted its station")
    func granted() throws {
        let bench = try InformationBench()
        let one = try bench.install("wx-1")
        let two = try bench.install("wx-2")
        for (name, station) in [("all", "all"), ("one", "wx-1"), ("two", "wx-2")] {
            try bench.grant("\(name)@nws.example", station)
            _ = try bench.subscribe("\(name)@nws.example/x", "all")
        }
        _ = try bench.subscribe("one@nws.example/x", "stations/wx-1")
        _ = try bench.sent()
        try bench.publish(from: one, 1)
        #expect(
            Set(try bench.sent().deliveries.map { "\($0.to) \($0.node)" })
                == ["all@nws.example all", "one@nws.example all", "one@nws.example stations/wx-1"])
        try bench.publish(from: two, 1)
        #expect(Set(try bench.sent().deliveries.map(\.to)) == ["all@nws.example", "two@nws.example"])
        try bench.restart()
        _ = try bench.sent()
        try bench.publish(from: two, 2)
        #expect(Set(try bench.sent().deliveries.map(\.to)) == ["all@nws.example", "two@nws.example"])
    }

    @Test("A revocation takes effect at once, within the batch, and is told")
    func revoked() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        let other = try bench.install("wx-2")
        try bench.grant(bare, "wx-1")
        try bench.grant(bare, "wx-2")
        _ = try bench.subscribe(consumer, "stations/wx-1")
        let all = try bench.subscribe(consumer, "all")
        _ = try bench.sent()
        let revoke = CoreRequest.command(
            name: "grant.remove", arguments: try JSONDocument(#"{"consumer":"weather@nws.example","station":"WX-1"}"#),
            reply: { _ in })
        try bench.process([
            try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(1))), revoke,
            try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(2))),
            try InformationBench.stanza(InformationBench.report(from: other, InformationBench.body(1))),
        ])
        let sent = try bench.sent()
        #expect(sent.deliveries.map(\.body) == [InformationBench.body(1)])
        #expect(sent.deliveries.map(\.node) == ["all"])
        let told = sent.compactMap { $0.elements.first?.firstChild(XMLName("subscription", Namespaces.pubsubEvent)) }
        #expect(told.map { $0["node"] } == ["stations/wx-1"] && told.first?["subscription"] == "none")
        #expect(bench.services.subscriptionCount == 1)
        try bench.revoke(bare, "wx-2")
        let last = try bench.sent().compactMap { $0.elements.first?.firstChild(XMLName("subscription", Namespaces.pubsubEvent)) }
        #expect(last.map { $0["subid"] } == [all])
        try bench.restart()
        #expect(bench.services.subscriptionCount == 0)
        #expect(!bench.services.mayObserve(consumer: try JID(consumer), serial: try Serial("wx-1")))
    }

    @Test("Nothing is delivered while pubsub#deliver is off; a feed then begins at its cursor")
    func deliver() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(bare, "all")
        let subid = try bench.subscribe(consumer, "all", mode: "feed")
        try bench.resume(consumer, subid)
        func deliver(_ value: Int) throws {
            try bench.receive(
                "<iq type='set' id='o' from='\(consumer)' to='\(InformationBench.domain)'>"
                    + "<pubsub xmlns='http://jabber.org/protocol/pubsub'><options node='all' jid='\(bare)'>"
                    + "<x xmlns='jabber:x:data' type='submit'><field var='pubsub#deliver'><value>\(value)</value></field></x>"
                    + "</options></pubsub></iq>")
        }
        try deliver(0)
        _ = try bench.sent()
        try bench.publish(from: station, 1)
        #expect(try bench.sent().deliveries.isEmpty)
        try deliver(1)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-1"])
        try bench.publish(from: station, 2)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-2"])
    }

    @Test("A large fan-out leaves in whole stanzas, one for each subscriber")
    func fanOut() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        for number in 0..<600 {
            try bench.grant("c\(number)@nws.example", "all")
            _ = try bench.subscribe("c\(number)@nws.example/x", "all")
        }
        _ = try bench.sent()
        try bench.publish(from: station, 1)
        let deliveries = try bench.sent().deliveries
        #expect(deliveries.count == 600)
        #expect(Set(deliveries.map(\.to)).count == 600)
        #expect(Set(deliveries.map(\.body)) == [InformationBench.body(1)])
    }
}
