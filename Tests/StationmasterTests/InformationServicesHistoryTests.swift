// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: stored items")
struct InformationServicesHistoryTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    private func request(_ node: String, _ attributes: String = "", _ set: String = "") -> String {
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='\(node)'\(attributes)/>\(set)</pubsub>"
    }

    private func set(_ inner: String) -> String { "<set xmlns='http://jabber.org/protocol/rsm'>\(inner)</set>" }

    private func ids(_ answer: Element) -> [String?] { answer.elements.first?.elements.first?.elements.map { $0["id"] } ?? [] }

    /// So many of these characters, a thousand in a record.
    private func body(_ seq: Int, _ character: String, _ count: Int) -> String {
        let record = #"{"n":"t","vs":"\#(String(repeating: character, count: 1000))"}"#
        return #"{"seq":\#(seq),"records":[\#(repeatElement(record, count: count / 1000).joined(separator: ","))]}"#
    }

    @Test("A report that would be too large on its way out is refused on its way in")
    func tooLarge() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        let many = 45_000
        let refused = try bench.report(from: station, body(1, "&amp;", many))
        #expect(refused.refusal == "policy-violation")
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 1)
        #expect(try bench.report(from: station, body(1, "&amp;", 40_000))["type"] == "result")
        // By either road.
        _ = try bench.sent()
        func read(_ body: String) throws -> [String?] {
            #expect(try bench.read([InformationBench.report(from: station, body)]) == 1)
            return try bench.sent().map { $0.refusal ?? $0["type"] }
        }
        #expect(try read(body(2, "&amp;", many)) == ["policy-violation"])
        #expect(try read(body(2, "x", many)) == ["result"])
    }

    @Test("An answer holds what fits a stanza as it is written, and its set says where it goes on")
    func answerBytes() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        for seq in 1...5 { try bench.report(from: station, body(seq, "&lt;", 15_000)) }
        _ = try bench.sent()
        try bench.receive("<iq type='get' id='a' from='\(consumer)' to='\(InformationBench.domain)'>\(request("stations/wx-1"))</iq>")
        let bytes = bench.outlet.take()
        #expect(bytes.count > 150_000 && bytes.count < 200 * 1024 + 2000)
        var seen = ids(try bench.ask("get", from: consumer, request("stations/wx-1", "", set("<max>10</max>"))))
        #expect(seen == ["1-1", "1-2", "1-3"])
        seen = ids(try bench.ask("get", from: consumer, request("stations/wx-1", "", set("<after>1-3</after>"))))
        #expect(seen == ["1-4", "1-5"])
        let named = "<item id='1-1'/><item id='1-2'/><item id='1-3'/><item id='1-4'/>"
        let answer = try bench.ask(
            "get", from: consumer,
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1'>\(named)</items></pubsub>")
        #expect(ids(answer) == ["1-1", "1-2", "1-3"])
    }

    @Test("Whoever asks for much is told to wait: what one batch reads is bounded, and nothing is read for a congested link")
    func bounded() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(bare, "wx-1")
        try bench.report(from: station, InformationBench.body(1))
        _ = try bench.sent()
        func ask(_ count: Int) throws -> [String?] {
            try bench.process(
                try (1...count).map {
                    try InformationBench.stanza(
                        "<iq type='get' id='\($0)' from='\(consumer)' to='\(InformationBench.domain)'>\(request("all"))</iq>")
                })
            return try bench.sent().map { $0.refusal ?? $0["type"] }
        }
        let answers = try ask(40)
        #expect(answers.filter { $0 == "result" }.count == 16)
        #expect(answers.filter { $0 == "resource-constraint" }.count == 24)
        #expect(try ask(3) == ["result", "result", "result"], "another batch")
        let one = try InformationBench.stanza(
            "<iq type='get' id='1' from='\(consumer)' to='\(InformationBench.domain)'>\(request("all"))</iq>")
        try bench.process([.linkLost(.cut), one, .linkReady(generation: bench.outlet.generation), one])
        #expect(try bench.sent().map { $0.refusal ?? $0["type"] } == ["resource-constraint", "result"])
    }

    @Test(
        "The few items of a few stations are found in a long log, from either end, also by a consumer of many stations",
        arguments: [512, 2])
    func sparse(_ merged: Int) throws {
        let bench = try InformationBench(segmentBytes: 64 * 1024) { $0.stationsMerged = merged }
        let other = try bench.install("other")
        let stations = try (1...20).map { try bench.install("wx-\($0)") }
        for number in 1...20 { try bench.grant(bare, "wx-\(number)") }
        var next = 1
        func fill(_ count: Int) throws {
            for _ in 0..<count / 500 {
                try bench.process(
                    try (0..<500).map { offset in
                        try InformationBench.stanza(
                            InformationBench.report(from: other, InformationBench.body(Int64(next + offset))))
                    })
                next += 500
                _ = try bench.sent()
            }
        }
        try fill(5000)
        try bench.report(from: stations[3], InformationBench.body(1))
        try bench.report(from: stations[17], InformationBench.body(1))
        try fill(5000)
        let all = ["1-5001", "1-5002"]
        #expect(ids(try bench.ask("get", from: consumer, request("all"))) == all)
        #expect(ids(try bench.ask("get", from: consumer, request("all", "", set("<max>1</max>")))) == ["1-5001"])
        #expect(ids(try bench.ask("get", from: consumer, request("all", "", set("<max>9</max><after>1-5001</after>")))) == ["1-5002"])
        #expect(ids(try bench.ask("get", from: consumer, request("all", "", set("<max>9</max><before>1-5002</before>")))) == ["1-5001"])
        let end = try bench.ask("get", from: consumer, request("all", "", set("<max>9</max><after>1-5002</after>")))
        #expect(end["type"] == "result" && ids(end) == [])
    }
}
