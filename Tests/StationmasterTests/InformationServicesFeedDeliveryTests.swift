// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationJSON
import StationModel
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: feeds")
struct InformationServicesFeedDeliveryTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    /// A station, a consumer who is granted it, and a feed of it.
    private func bench(
        _ node: String = "stations/wx-1", window: Int = 100, _ configure: (inout InformationConfiguration) -> Void = { _ in }
    ) throws -> (InformationBench, station: String, subid: String) {
        let bench = try InformationBench(configure)
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        let subid = try bench.subscribe(consumer, node, mode: "feed", window: window)
        _ = try bench.sent()
        return (bench, station, subid)
    }

    private func ids(_ range: ClosedRange<Int>) -> [String] { range.map { "1-\($0)" } }

    @Test("Nothing comes before a resume; then what has gathered, then the live tail", arguments: ["all", "stations/wx-1"])
    func resume(_ node: String) throws {
        let (bench, station, subid) = try bench(node)
        for seq in 1...3 { try bench.publish(from: station, Int64(seq)) }
        #expect(try bench.sent().deliveries.isEmpty)
        try bench.resume(consumer, subid)
        let sent = try bench.sent()
        let answer = try #require(sent.first)
        #expect(answer.name.local == "iq")
        let resumed = try JSONDocument(answer.elements.first?.elements.first?.text ?? "").root
        #expect(resumed["position"]?.string == "" && resumed["pending"]?.int64 == 3)
        #expect(sent.deliveries.map(\.id) == ids(1...3))
        let first = try #require(sent.deliveries.first)
        #expect(first.to == consumer && first.type == "normal" && first.subid == subid)
        #expect(sent.last?.firstChild(XMLName("no-store", Namespaces.hints)) != nil)
        try bench.publish(from: station, 4)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-4"])
    }

    @Test("Reports of one read come in their order, whichever road they took")
    func mixedRead() throws {
        let (bench, station, subid) = try bench()
        try bench.resume(consumer, subid)
        _ = try bench.sent()
        // An identifier with an apostrophe takes the general road.
        let stanzas = (1...6).map { seq in
            InformationBench.report(from: station, InformationBench.body(Int64(seq)), id: seq % 2 == 0 ? "r&apos;\(seq)" : "r\(seq)")
        }
        #expect(try bench.read(stanzas) == 3)
        let sent = try bench.sent()
        #expect(sent.filter { $0["type"] == "result" }.count == 6)
        #expect(sent.deliveries.map(\.id) == ids(1...6))
    }

    @Test("At most a window is unacknowledged; an acknowledgement lets the next ones come, without a hole")
    func window() throws {
        let (bench, station, subid) = try bench(window: 3)
        try bench.resume(consumer, subid)
        _ = try bench.sent()
        for seq in 1...8 { try bench.publish(from: station, Int64(seq)) }
        #expect(try bench.sent().deliveries.map(\.id) == ids(1...3))
        try bench.receive(InformationBench.ack(consumer, subid, "1-2"))
        let sent = try bench.sent()
        #expect(sent.first?["type"] == "result")
        #expect(sent.deliveries.map(\.id) == ids(4...5))
        try bench.receive(InformationBench.ack(consumer, subid, "1-2"), InformationBench.ack(consumer, subid, "1-5"))
        #expect(try bench.sent().deliveries.map(\.id) == ids(6...8))
        try bench.receive(InformationBench.ack(consumer, subid, "1-8"))
        try bench.publish(from: station, 9)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-9"])
    }

    @Test("A long backlog comes in pages, in order, and joins the live tail within one batch")
    func backlog() throws {
        let (bench, station, subid) = try bench(window: 1000) { $0.feedPage = 7 }
        for seq in 1...100 { try bench.publish(from: station, Int64(seq)) }
        _ = try bench.sent()
        let resume = "<iq type='set' id='q' from='\(consumer)' to='\(InformationBench.domain)'><resume xmlns='urn:stationmaster:1'>"
            + "<json xmlns='urn:xmpp:json:0'>{\"subid\":\"\(subid)\"}</json></resume></iq>"
        try bench.core.process([
            try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(101))),
            try InformationBench.stanza(resume),
            try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(102))),
        ])
        for seq in 103...130 {
            try bench.core.process([
                try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(Int64(seq)))),
                try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(Int64(seq) + 100))),
            ])
        }
        try bench.settle()
        #expect(try bench.sent().deliveries.map(\.id) == ids(1...158))
    }

    @Test("Unavailable presence and a bounce pause the feed; resume begins at the cursor, with the same ids")
    func pause() throws {
        let (bench, station, subid) = try bench()
        try bench.resume(consumer, subid)
        for seq in 1...3 { try bench.publish(from: station, Int64(seq)) }
        try bench.receive(InformationBench.ack(consumer, subid, "1-1"))
        _ = try bench.sent()
        try bench.receive("<presence type='unavailable' from='\(bare)/other' to='\(InformationBench.domain)'/>")
        try bench.publish(from: station, 4)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-4"], "another resource does not matter")
        try bench.receive("<presence type='unavailable' from='\(consumer)' to='\(InformationBench.domain)'/>")
        try bench.publish(from: station, 5)
        #expect(try bench.sent().deliveries.isEmpty)
        try bench.resume(bare + "/second", subid)
        let again = try bench.sent().deliveries
        #expect(again.map(\.id) == ids(2...5))
        #expect(Set(again.map(\.to)) == [bare + "/second"])
        try bench.receive(
            "<message type='error' from='\(bare)/second' to='\(InformationBench.domain)'><error type='cancel'>"
                + "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
        try bench.publish(from: station, 6)
        #expect(try bench.sent().deliveries.isEmpty)
        try bench.restart()
        #expect(try bench.sent().deliveries.isEmpty, "still paused")
        try bench.resume(consumer, subid, window: 2)
        #expect(try bench.sent().deliveries.map(\.id) == ids(2...3))
        let timeline = try bench.command("station.explain", .object(["serial": "wx-1"]))
        let texts = timeline["entries"]?.items.compactMap { $0["text"]?.string } ?? []
        #expect(texts.filter { $0 == "feed paused" }.count == 2 && texts.filter { $0 == "feed resumed" }.count == 3)
    }

    @Test("A feed goes on by itself after a restart and after a new link, from its cursor")
    func restart() throws {
        let (bench, station, subid) = try bench()
        try bench.resume(consumer, subid)
        for seq in 1...4 { try bench.publish(from: station, Int64(seq)) }
        try bench.receive(InformationBench.ack(consumer, subid, "1-2"))
        try bench.restart()
        #expect(try bench.sent().deliveries.map(\.id) == ids(3...4))
        try bench.receive(InformationBench.ack(consumer, subid, "1-3"))
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.cut)])
        bench.outlet.set(up: true)
        try bench.process([.linkReady(generation: bench.outlet.generation)])
        #expect(try bench.sent().deliveries.map(\.id) == ["1-4"])
        try bench.publish(from: station, 5)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-5"])
        try bench.receive(InformationBench.ack(consumer, subid, "1-5"))
        try bench.restart()
        #expect(try bench.sent().deliveries.isEmpty)
    }

    @Test("What the link did not take is sent again, before anything that comes after it")
    func refusedChunk() throws {
        let (bench, station, subid) = try bench()
        try bench.resume(consumer, subid)
        try bench.publish(from: station, 1)
        _ = try bench.sent()
        bench.outlet.set(up: false)
        try bench.publish(from: station, 2)
        bench.outlet.set(up: true)
        try bench.publish(from: station, 3)
        #expect(try bench.sent().deliveries.map(\.id) == ids(1...3), "3 alone would carry the cursor over 2")
    }

    @Test(
        "An acknowledgement of what is not there is refused",
        arguments: ["1-99", "2-1", "1-0", "x"])
    func badAcknowledgement(_ item: String) throws {
        let (bench, station, subid) = try bench()
        try bench.publish(from: station, 1)
        _ = try bench.sent()
        try bench.receive(InformationBench.ack(consumer, subid, item))
        let refusal = try #require(try bench.sent().first?.refusal)
        #expect(refusal == "item-not-found" || refusal == "bad-request")
        try bench.resume(consumer, subid)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-1"])
    }

    @Test("A live subscription cannot be resumed; a feed needs a full JID")
    func notAFeed() throws {
        let (bench, _, subid) = try bench()
        let live = try bench.subscribe(consumer, "all")
        _ = try bench.sent()
        try bench.resume(consumer, live)
        #expect(try bench.sent().first?.refusal == "not-acceptable")
        try bench.resume(bare, subid)
        #expect(try bench.sent().first?.refusal == "bad-request")
    }

    @Test("A feed of all stations delivers from the moment of each grant, in order, and stops with the revocation")
    func grants() throws {
        let bench = try InformationBench { $0.feedPage = 3; $0.stationsMerged = 2; $0.scanPage = 4 }
        let stations = try (1...6).map { try bench.install("wx-\($0)") }
        for number in 1...4 { try bench.grant(bare, "wx-\(number)") }
        let subid = try bench.subscribe(consumer, "all", mode: "feed", window: 1000)
        for station in stations { try bench.publish(from: station, 1) }
        try bench.grant(bare, "wx-5")
        for station in stations { try bench.publish(from: station, 2) }
        try bench.revoke(bare, "wx-1")
        _ = try bench.sent()
        try bench.resume(consumer, subid)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-2", "1-3", "1-4", "1-8", "1-9", "1-10", "1-11"])
        for station in stations { try bench.publish(from: station, 3) }
        #expect(try bench.sent().deliveries.map(\.id) == ["1-14", "1-15", "1-16", "1-17"])
        for number in 3...5 { try bench.revoke(bare, "wx-\(number)") }
        _ = try bench.sent()
        for station in stations { try bench.publish(from: station, 4) }
        #expect(try bench.sent().deliveries.map(\.id) == ["1-20"])
        try bench.resume(consumer, subid)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-2", "1-8", "1-14", "1-20"])
    }

    @Test("Random events lose nothing and keep the order of each station", arguments: 1...25)
    func simulation(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let bench = try InformationBench {
            $0.feedPage = 4
            $0.scanPage = 5
            $0.stationsMerged = seed % 3
            // Time stands still between events, so every link is a short one.
            $0.poisonLosses = 1000
        }
        let stations = try (1...3).map { try bench.install("wx-\($0)") }
        for number in 1...3 { try bench.grant(bare, "wx-\(number)") }
        let subid = try bench.subscribe(consumer, "all", mode: "feed", window: 5)
        var next: [Int64] = [1, 1, 1]
        var got: Set<String> = []
        var unacknowledged: [String] = []
        var stored = 0
        func position(_ id: String) -> Int { Int(id.dropFirst(2)) ?? 0 }
        func take(_ stanzas: [Element]) {
            for delivery in stanzas.deliveries {
                if let last = unacknowledged.last, position(delivery.id) <= position(last) { unacknowledged.removeAll() }
                unacknowledged.append(delivery.id)
                got.insert(delivery.id)
                #expect(unacknowledged.count <= 5, "seed \(seed)")
            }
        }
        for _ in 0..<150 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0...5:
                var batch: [CoreRequest] = []
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let index = Int.random(in: 0..<3, using: &random)
                    batch.append(
                        try InformationBench.stanza(
                            InformationBench.report(from: stations[index], InformationBench.body(next[index]))))
                    next[index] += 1
                    stored += 1
                }
                if Bool.random(using: &random), let last = unacknowledged.last {
                    let ack = try InformationBench.stanza(InformationBench.ack(consumer, subid, last))
                    batch.insert(ack, at: Int.random(in: 0...batch.count, using: &random))
                    unacknowledged.removeAll()
                }
                try bench.process(batch)
            case 6...7: try bench.resume(consumer, subid)
            case 8: try bench.receive("<presence type='unavailable' from='\(consumer)' to='\(InformationBench.domain)'/>")
            case 9: try bench.restart()
            case 10: try bench.process([.linkLost(.cut), .linkReady(generation: bench.outlet.generation)])
            default: try bench.advance(seconds: 11)
            }
            take(try bench.sent())
        }
        try bench.resume(consumer, subid)
        take(try bench.sent())
        while let last = unacknowledged.last {
            unacknowledged.removeAll()
            try bench.receive(InformationBench.ack(consumer, subid, last))
            take(try bench.sent())
        }
        #expect(got == Set((1...stored).map { "1-\($0)" }), "seed \(seed)")
    }
}
