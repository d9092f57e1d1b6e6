// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationCore
import StationModel
import StationStore
import Testing
import XMLStream
import XMPPCore

@Suite("Retention")
struct StoreRetentionTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    /// A station that has sent reports 1 to `count` a minute apart, with segments of a few kilobytes, and a feed of it
    /// that has taken nothing.
    private func bench(
        _ count: Int64, _ configure: (inout InformationConfiguration) -> Void
    ) throws -> (InformationBench, station: String, subid: String) {
        let bench = try InformationBench(segmentBytes: 4096, configure)
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        let subid = try bench.subscribe(consumer, "stations/wx-1", mode: "feed")
        for seq in 1...count {
            try bench.publish(from: station, seq)
            try bench.advance(seconds: 60)
        }
        _ = try bench.sent()
        return (bench, station, subid)
    }

    private func files(_ bench: InformationBench, _ kind: String) throws -> [String] {
        let folder = bench.folder.appendingPathComponent("store.sqlite.reports").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(kind) }.sorted()
    }

    /// The first report that is still there.
    private func first(_ bench: InformationBench) throws -> Int64 {
        let name = try files(bench, "segment").first ?? ""
        return Int64(name.prefix { $0.isNumber }) ?? 0
    }

    /// The notice of a gap, as `after..before`.
    private func gaps(_ stanzas: [Element]) -> [String] {
        stanzas.compactMap { $0.firstChild(XMLName("gap", Namespaces.stationmaster)) }
            .map { "\($0["after"] ?? "")..\($0["before"] ?? "")" }
    }

    @Test("Without a rule nothing is given up")
    func forEver() throws {
        let (bench, _, _) = try bench(200) { _ in }
        #expect(try first(bench) == 1)
    }

    @Test("What is older than the rule says goes in whole segments, and the rest is whole, also after a restart")
    func byAge() throws {
        let (bench, station, _) = try bench(200) { $0.retention = .seconds(3600) }
        let first = try first(bench)
        // An hour of 60 reports and less than one segment more.
        #expect(first > 80 && first <= 141)
        #expect(try files(bench, "index").count == files(bench, "segment").count - 1)
        try bench.restart()
        #expect(try self.first(bench) == first)
        _ = try bench.sent()
        try bench.publish(from: station, 201)
        #expect(try bench.sent().contains { $0["type"] == "result" })
        let answer = try bench.ask(
            "get", from: consumer,
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1' max_items='100'/></pubsub>")
        #expect(answer["type"] == "result")
    }

    @Test("What the progress of stations is still read from at a start stays, however old it is")
    func progressNotWritten() throws {
        let (bench, _, _) = try bench(120) {
            $0.retention = .seconds(60)
            $0.progressInterval = .seconds(1_000_000)
        }
        #expect(try first(bench) == 1)
    }

    @Test("A log that is larger than the rule says loses its oldest segments")
    func bySize() throws {
        let (bench, _, _) = try bench(300) { $0.retentionBytes = 10_000 }
        let folder = bench.folder.appendingPathComponent("store.sqlite.reports")
        let bytes = try files(bench, "segment").reduce(0) {
            $0 + (try Data(contentsOf: folder.appendingPathComponent($1)).count)
        }
        #expect(bytes > 4096 && bytes <= 14_096)
        #expect(try first(bench) > 100)
    }

    @Test("A feed whose cursor was overtaken is told of the gap before it goes on, until it acknowledges beyond it")
    func gap() throws {
        let (bench, station, subid) = try bench(200) { $0.retention = .seconds(3600) }
        let first = try first(bench)
        try bench.resume(consumer, subid)
        var sent = try bench.sent()
        #expect(gaps(sent) == ["..1-\(first)"])
        let notice = try #require(sent.first { $0["id"] == "gap-1-\(first)" })
        #expect(notice["to"] == consumer && notice["type"] == "normal" && notice.deliveries.isEmpty)
        #expect(notice.firstChild(XMLName("feed", Namespaces.stationmaster))?["subid"] == subid)
        #expect(notice.firstChild(XMLName("no-store", Namespaces.hints)) != nil)
        // The gap comes before the items, and the items are those behind it.
        #expect(sent.firstIndex(of: notice) ?? .max < sent.firstIndex { !$0.deliveries.isEmpty } ?? -1)
        #expect(sent.deliveries.first?.id == "1-\(first)")
        try bench.resume(consumer, subid)
        #expect(try gaps(bench.sent()) == ["..1-\(first)"])
        try bench.receive(InformationBench.ack(consumer, subid, "1-\(first + 1)"))
        try bench.resume(consumer, subid)
        sent = try bench.sent()
        #expect(gaps(sent) == [])
        #expect(sent.deliveries.first?.id == "1-\(first + 2)")
        // Nobody takes the feed for two hours.
        try bench.receive("<presence type='unavailable' from='\(consumer)' to='\(InformationBench.domain)'/>")
        for seq in 201...320 as ClosedRange<Int64> {
            try bench.publish(from: station, seq)
            try bench.advance(seconds: 60)
        }
        _ = try bench.sent()
        try bench.resume(consumer, subid)
        #expect(try gaps(bench.sent()) == ["1-\(first + 1)..1-\(self.first(bench))"])
    }

    @Test("A feed that begins behind the gap is told of none")
    func notGranted() throws {
        let (bench, _, _) = try bench(200) { $0.retention = .seconds(3600) }
        let other = "farmer@home.example"
        try bench.grant(other, "wx-1")
        let subid = try bench.subscribe(other + "/phone", "all", mode: "feed")
        try bench.resume(other + "/phone", subid)
        #expect(try gaps(bench.sent()) == [])
    }
}

extension Element {
    fileprivate var deliveries: [Delivery] { [self].deliveries }
}
