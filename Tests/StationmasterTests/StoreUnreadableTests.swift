// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationCore
import StationModel
import StationStore
import Testing
import XMLStream
import XMPPCore

@Suite("Stored reports that cannot be read any more")
struct StoreUnreadableTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    /// A station that has sent `count` reports, segments of a few kilobytes, and a feed of it that has taken nothing.
    private func bench(_ count: Int64 = 200) throws -> (InformationBench, station: String, subid: String) {
        let bench = try InformationBench(segmentBytes: 4096)
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        let subid = try bench.subscribe(consumer, "stations/wx-1", mode: "feed", window: 1000)
        for seq in 1...count { try bench.publish(from: station, seq) }
        // How far the station has come is on record, and need not be read from the log at the next start.
        try bench.advance(seconds: 60)
        _ = try bench.sent()
        return (bench, station, subid)
    }

    private func folder(_ bench: InformationBench) -> URL { bench.folder.appendingPathComponent("store.sqlite.reports") }

    /// The first positions of the segments.
    private func firsts(_ bench: InformationBench) throws -> [Int64] {
        try FileManager.default.contentsOfDirectory(atPath: folder(bench).path).filter { $0.hasSuffix("segment") }.sorted()
            .compactMap { Int64($0.dropLast(8)) }
    }

    private func file(_ bench: InformationBench, _ first: Int64, _ kind: String) throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder(bench).path)
        let name = try #require(names.first { Int64($0.prefix { $0.isNumber }) == first && $0.hasSuffix(kind) })
        return folder(bench).appendingPathComponent(name)
    }

    /// Flips a bit of a file in its place.
    private func flip(_ url: URL, at offset: (Data) -> Int) throws {
        let data = try Data(contentsOf: url)
        let place = offset(data)
        let handle = try FileHandle(forUpdating: url)
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: [data[place] ^ 4])
        try handle.close()
    }

    /// Reports of the second segment, of which neither index nor segment is what was written.
    private func harmSegment(_ bench: InformationBench) throws -> ClosedRange<Int64> {
        let firsts = try firsts(bench)
        try flip(file(bench, firsts[1], "segment")) { $0.count / 2 }
        try flip(file(bench, firsts[1], "index")) { $0.count / 2 }
        try bench.restart()
        _ = try bench.sent()
        return firsts[1]...(firsts[2] - 1)
    }

    private func gaps(_ stanzas: [Element]) -> [String] {
        stanzas.compactMap { $0.firstChild(XMLName("gap", Namespaces.stationmaster)) }
            .map { "\($0["after"] ?? "")..\($0["before"] ?? "")" }
    }

    private func items(_ bench: InformationBench, _ attributes: String, _ inner: String = "") throws -> Element {
        try bench.ask(
            "get", from: consumer,
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1'\(attributes)>\(inner)</items></pubsub>")
    }

    @Test("A damaged segment refuses who asks for what is in it, once told to the operator, and everything else goes on")
    func served() throws {
        let (bench, station, _) = try bench()
        let lost = try harmSegment(bench)
        _ = bench.record.take()
        let old = try bench.report(from: station, InformationBench.body(lost.lowerBound))
        #expect(old.refusal == "conflict" && "\(old)".contains("under a new number"))
        #expect(try bench.report(from: station, InformationBench.body(201))["type"] == "result")
        #expect(try bench.report(from: station, InformationBench.body(199))["type"] == "result", "a duplicate of a later one")
        #expect(try items(bench, "", "<item id='1-\(lost.upperBound)'/>").refusal == "internal-server-error")
        #expect(try items(bench, "", "<item id='1-2'/>")["type"] == "result")
        #expect(try items(bench, "", "<item id='1-\(lost.upperBound + 1)'/>")["type"] == "result")
        #expect(try items(bench, " max_items='5'")["type"] == "result")
        let told = bench.record.take()
        #expect(told.count == 1 && told[0].hasPrefix("critical: stored reports cannot be read") && told[0].contains("backup"))
    }

    @Test("A page of the history ends before what cannot be read, and the next one is refused")
    func history() throws {
        let (bench, _, _) = try bench()
        let lost = try harmSegment(bench)
        func page(after position: Int64) throws -> Element {
            try bench.ask(
                "get", from: consumer,
                "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1'/>"
                    + "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max><after>1-\(position)</after></set></pubsub>")
        }
        let first = try page(after: 1)
        #expect(first.elements.first?.elements.first?.elements.last?["id"] == "1-\(lost.lowerBound - 1)")
        #expect(try page(after: lost.lowerBound - 1).refusal == "internal-server-error")
        #expect(try page(after: lost.upperBound)["type"] == "result")
    }

    @Test("A feed is told of the gap, goes on behind it, and is not stopped by it when it is taken again")
    func feed() throws {
        let (bench, station, subid) = try bench()
        let lost = try harmSegment(bench)
        for _ in 1...2 {
            try bench.resume(consumer, subid)
            let sent = try bench.sent()
            #expect(sent.contains { $0["id"] == "resume" && $0["type"] == "result" })
            #expect(gaps(sent) == ["1-\(lost.lowerBound - 1)..1-\(lost.upperBound + 1)"])
            let expected = (1...200).filter { !lost.contains($0) }.map { "1-\($0)" }
            #expect(sent.deliveries.map(\.id) == expected)
        }
        try bench.publish(from: station, 201)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-201"])
        try bench.receive(InformationBench.ack(consumer, subid, "1-201"))
        try bench.resume(consumer, subid)
        #expect(try gaps(bench.sent()) == [])
    }

    @Test("A flipped bit in one stored report is found when it is read: nothing of it is delivered, and it is not a fork")
    func flippedBody() throws {
        let (bench, station, subid) = try bench()
        let file = try file(bench, try firsts(bench)[1], "segment")
        let lost = try firsts(bench)[1] + 3
        let text = Data("\"seq\":\(lost),\"records\":[{\"n\":\"temp".utf8)
        try flip(file) { $0.range(of: text)?.upperBound ?? 0 }
        try bench.restart()
        _ = try bench.sent()
        _ = bench.record.take()
        let again = try bench.report(from: station, InformationBench.body(lost))
        #expect(again.refusal == "conflict" && "\(again)".contains("under a new number"))
        #expect(try bench.command("test.forks") == .integer(0))
        let named = try items(bench, "", "<item id='1-\(lost)'/>")
        #expect(named.refusal == "internal-server-error" && "\(named)".contains("stored report \(lost) cannot"))
        try bench.resume(consumer, subid)
        let sent = try bench.sent()
        #expect(gaps(sent) == ["1-\(lost - 1)..1-\(lost + 1)"])
        #expect(sent.deliveries.map(\.id) == (1...200).filter { $0 != lost }.map { "1-\($0)" })
        #expect(bench.record.take().count == 1)
    }
}
