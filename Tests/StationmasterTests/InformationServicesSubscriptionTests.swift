// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: subscriptions that are changed")
struct InformationServicesSubscriptionTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    private func subscribe(_ options: String = "") -> String {
        """
        <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='stations/wx-1' jid='\(bare)'/>\(options)</pubsub>
        """
    }

    private func form(_ mode: String) -> String {
        """
        <x xmlns='jabber:x:data' type='submit'><field var='stationmaster#mode'><value>\(mode)</value></field></x>
        """
    }

    /// A feed whose taker has acknowledged the first of two reports.
    private func bench() throws -> (InformationBench, station: String, subid: String) {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        let subid = try bench.subscribe(consumer, "stations/wx-1", mode: "feed")
        try bench.resume(consumer, subid)
        for seq in 1...2 { try bench.publish(from: station, Int64(seq)) }
        try bench.receive(InformationBench.ack(consumer, subid, "1-1"))
        _ = try bench.sent()
        return (bench, station, subid)
    }

    @Test("Who subscribes again to have a look leaves a feed as it is")
    func again() throws {
        let (bench, station, subid) = try bench()
        let looker = bare + "/looker"
        let same = try bench.ask("set", from: looker, subscribe())
        #expect(same.elements.first?.elements.first?["subid"] == subid)
        let refused = try bench.ask("set", from: looker, subscribe("<options>\(form("live"))</options>"))
        #expect(refused.refusal == "conflict")
        try bench.publish(from: station, 3)
        #expect(try bench.sent().deliveries.map { "\($0.id) \($0.type) \($0.to)" } == ["1-3 normal \(consumer)"])
        let list = try bench.command("subscription.list")["subscriptions"]?.items ?? []
        #expect(list.map { $0["cursor"]?.string } == ["1-1"])
    }

    @Test("A feed that is made live and a feed again goes on from its cursor, also after a restart")
    func thereAndBack() throws {
        let (bench, station, subid) = try bench()
        func change(_ mode: String) throws {
            let options = """
                <pubsub xmlns='http://jabber.org/protocol/pubsub'>\
                <options node='stations/wx-1' jid='\(bare)'>\(form(mode))</options></pubsub>
                """
            #expect(try bench.ask("set", from: consumer, options)["type"] == "result")
        }
        try change("live")
        try bench.publish(from: station, 3)
        #expect(try bench.sent().deliveries.map { "\($0.id) \($0.type)" } == ["1-3 headline"])
        try bench.restart()
        try change("feed")
        _ = try bench.sent()
        try bench.resume(consumer, subid)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-2", "1-3"])
    }
}
