// SPDX-License-Identifier: Apache-2.0
@testable import InformationServices
import StationCore
import StationJSON
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Poison: an item for which the server closes the stream")
struct PoisonTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    // MARK: - The server's part

    /// Plays a server that takes stanzas until the poisoned item comes, and then closes the stream.
    /// Returns the items that came before, and whether it closed.
    private func serve(
        _ bench: InformationBench, poison: String?, loss: LinkLoss = .rejected
    ) throws -> (items: [String], closed: Bool) {
        try serve(bench, poisons: poison.map { [$0] } ?? [], loss: loss)
    }

    private func serve(
        _ bench: InformationBench, poisons: Set<String>, loss: LinkLoss = .rejected
    ) throws -> (items: [String], closed: Bool) {
        var items: [String] = []
        for _ in 0..<60 {
            let sent = try bench.sent()
            for stanza in sent where stanza.name.local == "message" {
                if let id = stanza["id"], poisons.contains(id) {
                    bench.outlet.set(up: false)
                    try bench.process([.linkLost(loss)])
                    _ = bench.outlet.take()
                    return (items, true)
                }
                items.append(stanza["id"] ?? "")
            }
            try bench.answer(sent)
            try bench.advance(seconds: 0.1)
        }
        return (items, false)
    }

    private func connect(_ bench: InformationBench) throws {
        try bench.advance(seconds: 1)
        bench.outlet.set(up: true)
        try bench.process([.linkReady(generation: bench.outlet.generation)])
    }

    /// A feed with reports 1 to 5 that nobody has acknowledged.
    private func bench(_ feeds: Int = 1) throws -> (InformationBench, subids: [String]) {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        var subids: [String] = []
        for feed in 1...feeds {
            let jid = feed == 1 ? consumer : "other\(feed)@nws.example/ingest"
            try bench.grant(String(jid.prefix { $0 != "/" }), "wx-1")
            let subid = try bench.subscribe(jid, "stations/wx-1", mode: "feed")
            try bench.resume(jid, subid)
            subids.append(subid)
        }
        _ = try bench.sent()
        try bench.advance(seconds: 20)
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.cut)])
        for seq in 1...5 { try bench.publish(from: station, Int64(seq)) }
        _ = try bench.sent()
        return (bench, subids)
    }

    // MARK: - Feeds

    @Test("After three links lost with the same item it is set aside, and the fourth time the others flow")
    func threeLosses() throws {
        let (bench, subids) = try bench()
        try connect(bench)
        #expect(try serve(bench, poison: "1-3") == (["1-1", "1-2"], true))
        try connect(bench)
        #expect(try serve(bench, poison: "1-3") == (["1-1", "1-2"], true))
        #expect(try bench.command("quarantine.list")["items"]?.items.isEmpty == true)
        try connect(bench)
        #expect(try serve(bench, poison: "1-3") == (["1-1", "1-2"], true), "each alone now")
        let listed = try bench.command("quarantine.list")["items"]?.items ?? []
        #expect(listed.map { $0["item"]?.string } == ["1-3"])
        #expect(listed.map { $0["serial"]?.string } == ["wx-1"])
        try connect(bench)
        #expect(try serve(bench, poison: "1-3") == (["1-1", "1-2", "quarantined-1-3", "1-4", "1-5"], false))
        // It is on record, and an acknowledgement passes over it.
        let timeline = try bench.command("station.explain", .object(["serial": "wx-1"]))
        #expect(timeline["entries"]?.items.contains { $0["text"]?.string == "alarm: item quarantined" } == true)
        let log = try bench.command("log")["entries"]?.items.compactMap { $0["action"]?.string } ?? []
        #expect(log.contains("quarantined") && log.contains("alarm"))
        try bench.receive(InformationBench.ack(consumer, subids[0], "1-5"))
        #expect(try bench.sent().map { $0["type"] } == ["result"])
    }

    @Test("What is set aside stays so after a restart, also in the history, until the operator releases it")
    func durable() throws {
        let (bench, subids) = try bench()
        for _ in 1...3 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-3").closed)
        }
        bench.outlet.set(up: true)
        try bench.restart()
        #expect(try serve(bench, poison: "1-3") == (["1-1", "1-2", "quarantined-1-3", "1-4", "1-5"], false))
        let items = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1'/></pubsub>"
        func history() throws -> [String?] {
            try bench.ask("get", from: consumer, items).elements.first?.elements.first?.elements.map { $0["id"] } ?? []
        }
        #expect(try history() == ["1-1", "1-2", "1-4", "1-5"])
        _ = try bench.command("quarantine.release", .object(["item": "1-3"]))
        #expect(try history() == ["1-1", "1-2", "1-3", "1-4", "1-5"])
        try bench.resume(consumer, subids[0])
        #expect(try serve(bench, poison: nil) == (["1-1", "1-2", "1-3", "1-4", "1-5"], false))
        #expect(throws: CommandError.self) { try bench.command("quarantine.release", .object(["item": "1-3"])) }
    }

    @Test("The cursor moves past an item in quarantine that is the next one")
    func cursor() throws {
        let (bench, subids) = try bench()
        for _ in 1...3 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-1").closed)
        }
        try connect(bench)
        #expect(try serve(bench, poison: "1-1") == (["quarantined-1-1", "1-2", "1-3", "1-4", "1-5"], false))
        let list = try bench.command("subscription.list")["subscriptions"]?.items ?? []
        #expect(list.filter { $0["subid"]?.string == subids[0] }.map { $0["cursor"]?.string } == ["1-1"])
        try bench.restart()
        #expect(try serve(bench, poison: "1-1") == (["1-2", "1-3", "1-4", "1-5"], false))
    }

    @Test("A feed that may have one item under way goes on behind one that is set aside")
    func smallWindow() throws {
        let (bench, subids) = try bench()
        for _ in 1...3 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-2").closed)
        }
        try connect(bench)
        _ = try serve(bench, poison: nil)
        try bench.resume(consumer, subids[0], window: 1)
        #expect(try serve(bench, poison: nil).items == ["1-1"])
        try bench.receive(InformationBench.ack(consumer, subids[0], "1-1"))
        #expect(try serve(bench, poison: nil).items == ["quarantined-1-2", "1-3"])
        try bench.receive(InformationBench.ack(consumer, subids[0], "1-3"))
        #expect(try serve(bench, poison: nil).items == ["1-4"])
    }

    @Test("One item on several feeds is found all the same, and none of them stops for good")
    func severalFeeds() throws {
        let (bench, _) = try bench(3)
        for _ in 1...3 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-2").closed)
        }
        #expect(try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } == ["1-2"])
        try connect(bench)
        let (items, closed) = try serve(bench, poison: "1-2")
        #expect(!closed && items.count == 15 && items.filter { $0 == "quarantined-1-2" }.count == 3)
    }

    @Test(
        "Links lost for another reason set nothing aside, however soon and often",
        arguments: [LinkLoss.cut, .unrelated], [0.0, 0.05, 1.05, 5])
    func otherReasons(_ loss: LinkLoss, after seconds: Double) throws {
        let (bench, _) = try bench()
        for _ in 1...12 {
            try connect(bench)
            try bench.advance(seconds: seconds)
            bench.outlet.set(up: false)
            try bench.process([.linkLost(loss)])
            _ = bench.outlet.take()
        }
        #expect(try bench.command("quarantine.list")["items"]?.items.isEmpty == true)
        try connect(bench)
        try bench.advance(seconds: 3)
        #expect(try serve(bench, poison: nil) == (["1-1", "1-2", "1-3", "1-4", "1-5"], false))
    }

    @Test("A server that dies of an item and says nothing is found out as well, by links that had lived before")
    func cutEachTime() throws {
        let (bench, _) = try bench()
        var losses = 0
        while try bench.command("quarantine.list")["items"]?.items.isEmpty == true, losses < 10 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-3", loss: .cut).closed)
            losses += 1
        }
        #expect(losses == 5)
        #expect(try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } == ["1-3"])
        try connect(bench)
        #expect(try serve(bench, poison: "1-3", loss: .cut).closed == false)
    }

    @Test("A minute between the links, and a link that has lived for long, make no difference to what the server says", arguments: [60.0, 900])
    func slowly(seconds: Double) throws {
        let (bench, _) = try bench()
        for _ in 1...3 {
            try bench.advance(seconds: seconds)
            try connect(bench)
            #expect(try serve(bench, poison: "1-3").closed)
        }
        #expect(try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } == ["1-3"])
    }

    @Test("Suspicion ends an hour after the last loss")
    func forgotten() throws {
        let (bench, _) = try bench()
        for _ in 1...2 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-3").closed)
        }
        try bench.advance(seconds: 3601)
        try connect(bench)
        #expect(try serve(bench, poison: "1-3").closed)
        #expect(try bench.command("quarantine.list")["items"]?.items.isEmpty == true)
    }

    @Test("Of two suspects, each with a consumer of its own, both are set aside and nothing else")
    func twoAtOnce() throws {
        let bench = try InformationBench()
        let stations = try ["wx-1", "wx-2"].map { try bench.install($0) }
        for (index, jid) in [consumer, "other@nws.example/ingest"].enumerated() {
            try bench.grant(String(jid.prefix { $0 != "/" }), "wx-\(index + 1)")
            try bench.resume(jid, try bench.subscribe(jid, "stations/wx-\(index + 1)", mode: "feed"))
        }
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.unrelated)])
        for seq in 1...4 { for station in stations { try bench.publish(from: station, Int64(seq)) } }
        _ = try bench.sent()
        var losses = 0
        var items: [String] = []
        repeat {
            try connect(bench)
            let (sent, closed) = try serve(bench, poisons: ["1-3", "1-6"])
            items = sent
            guard closed else { break }
            losses += 1
        } while losses < 12
        #expect(losses == 4)
        #expect(try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } == ["1-3", "1-6"])
        #expect(items.sorted() == ["1-1", "1-2", "1-4", "1-5", "1-7", "1-8", "quarantined-1-3", "quarantined-1-6"])
    }

    @Test("A suspect that retention has given up in the meantime is no trouble")
    func givenUp() throws {
        let bench = try InformationBench(segmentBytes: 4096) {
            $0.retention = .seconds(60)
            $0.retentionInterval = .seconds(10)
        }
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        try bench.resume(consumer, try bench.subscribe(consumer, "stations/wx-1", mode: "feed"))
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.unrelated)])
        for seq in 1...40 { try bench.publish(from: station, Int64(seq)) }
        for _ in 1...2 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-3").closed)
        }
        try connect(bench)
        // The item is on its way when the log gives it up, and then the server closes.
        #expect(try serve(bench, poison: "1-2").items.first == "1-1")
        try connect(bench)
        try bench.advance(seconds: 120)
        for seq in 41...80 { try bench.publish(from: station, Int64(seq)) }
        try bench.advance(seconds: 120)
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.rejected)])
        _ = bench.outlet.take()
        try connect(bench)
        let (items, closed) = try serve(bench, poison: "1-3")
        #expect(!closed && items.first?.hasPrefix("gap-") == true)
    }

    @Test("The program starts again between the losses: it is found all the same, from the beginning")
    func restartBetween() throws {
        let (bench, _) = try bench()
        var losses = 0
        while try bench.command("quarantine.list")["items"]?.items.isEmpty == true, losses < 10 {
            try connect(bench)
            #expect(try serve(bench, poison: "1-3").closed)
            losses += 1
            if losses == 2 {
                bench.outlet.set(up: true)
                try bench.restart()
                _ = bench.outlet.take()
            }
        }
        #expect((3...5).contains(losses))
        #expect(try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } == ["1-3"])
    }
}
