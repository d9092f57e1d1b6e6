// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: reports")
struct InformationServicesIngestTests {
    /// The sequences that are stored, in the order of positions, as a consumer with all grants sees them.
    private func stored(_ bench: InformationBench) throws -> [Int64] {
        try bench.grant("auditor@localhost", "all")
        let answer = try bench.ask(
            "get", from: "auditor@localhost/x",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='all' max_items='100'/></pubsub>")
        let items = answer.elements.first?.elements.first?.elements ?? []
        return try items.map { item in
            let text = item.elements.first?.elements.first?.text ?? ""
            return try JSONDocument(text).root.require("seq").requireInt64()
        }
    }

    @Test("A report is acknowledged; before the station is installed it is refused")
    func acknowledged() throws {
        let bench = try InformationBench()
        let refused = try bench.report(from: "wx-1@stations.localhost/agent", InformationBench.body(1))
        #expect(refused.refusal == "forbidden")
        let station = try bench.install("WX-1")
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 1)
        #expect(try bench.report(from: station, InformationBench.body(1))["type"] == "result")
        #expect(try bench.report(from: "wx-1@stations.localhost/other", InformationBench.body(2))["type"] == "result")
        #expect(try bench.report(from: "wx-1@onboarding.localhost/agent", InformationBench.body(3)).refusal == "forbidden")
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 3)
        #expect(try stored(bench) == [1, 2])
    }

    @Test("The same report again is acknowledged and stored once, also after a restart")
    func duplicates() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        for _ in 0..<3 { #expect(try bench.report(from: station, InformationBench.body(1))["type"] == "result") }
        try bench.restart()
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 2)
        for _ in 0..<2 { #expect(try bench.report(from: station, InformationBench.body(1))["type"] == "result") }
        #expect(try bench.report(from: station, InformationBench.body(1, gap: true))["type"] == "result")
        #expect(try stored(bench) == [1])
    }

    @Test("The same number with another body is a conflict, on record and told to device management, once a minute")
    func conflict() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.report(from: station, InformationBench.body(1))
        #expect(try bench.report(from: station, InformationBench.body(1, 9)).refusal == "conflict")
        #expect(try bench.report(from: station, InformationBench.body(1, 8)).refusal == "conflict")
        #expect(try bench.command("test.forks").int64 == 1)
        let log = try bench.command("log")
        #expect(log["entries"]?.items.filter { $0["action"]?.string == "sequence forked" }.count == 1)
        try bench.advance(seconds: 61)
        try bench.restart()
        #expect(try bench.report(from: station, InformationBench.body(1, 7)).refusal == "conflict")
        #expect(try bench.command("test.forks").int64 == 2)
        #expect(try bench.report(from: station, InformationBench.body(2))["type"] == "result")
        #expect(try stored(bench) == [1, 2])
    }

    @Test("A leap is accepted and shown as a gap; what was missing is stored late")
    func gapAndLate() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        for seq in [1, 4, 2] {
            #expect(try bench.report(from: station, InformationBench.body(Int64(seq)))["type"] == "result")
        }
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 5)
        #expect(try bench.report(from: station, InformationBench.body(2, 7)).refusal == "conflict")
        #expect(try stored(bench) == [1, 4, 2])
        // The first report is put on the timeline with the next round of progress.
        try bench.advance(seconds: 15)
        let timeline = try bench.command("station.explain", .object(["serial": "wx-1"]))
        let texts = timeline["entries"]?.items.compactMap { $0["text"]?.string } ?? []
        #expect(texts.contains("first report") && texts.contains("gap") && texts.contains("late report"))
    }

    @Test("After a refusal for overload a leap waits for the missing report, or for the station to say that it is lost")
    func refusal() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.report(from: station, InformationBench.body(1))
        try bench.process([.shed([try JID(station)])])
        let refused = try bench.report(from: station, InformationBench.body(3))
        #expect(refused.refusal == "unexpected-request/expected")
        let error = refused.elements.first { $0.name.local == "error" }
        #expect(error?["type"] == "wait")
        #expect(error?.firstChild(XMLName("expected", Namespaces.stationmaster))?["seq"] == "2")
        #expect(try bench.report(from: station, InformationBench.body(2))["type"] == "result")
        #expect(try bench.report(from: station, InformationBench.body(3))["type"] == "result")
        #expect(try bench.report(from: station, InformationBench.body(9)).refusal == "unexpected-request/expected")
        #expect(try bench.report(from: station, InformationBench.body(9, gap: true))["type"] == "result")
        #expect(try bench.report(from: station, InformationBench.body(20))["type"] == "result", "made good")
        try bench.process([.shed([try JID(station)])])
        try bench.advance(seconds: 61)
        try bench.report(from: station, InformationBench.body(21))
        #expect(try bench.report(from: station, InformationBench.body(30))["type"] == "result", "forgotten")
        #expect(try stored(bench) == [1, 2, 3, 9, 20, 21, 30])
    }

    @Test(
        "What cannot be read, or speaks for others, is refused with its place",
        arguments: [
            (#"{"seq":1,"records":[{"n":"wx-2:temperature","v":1}]}"#, "/records/0"),
            (#"{"seq":1,"records":[{"n":"t","v":1},{"bn":"urn:dev:ops:32473-M-wx-2:","n":"t","v":1}]}"#, "/records/1"),
            (#"{"seq":1,"records":[{"n":"t"}]}"#, "/records/0"),
            (#"{"seq":1,"records":[]}"#, "/records"),
            (#"{"seq":0,"records":[{"n":"t","v":1}]}"#, "/seq"),
            (#"{"seq":1,"records":[{"n":"t","v":1}],"extra":1}"#, "/extra"),
            (#"{"seq":1"#, ""),
        ])
    func malformed(_ body: String, _ place: String) throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        let answer = try bench.report(from: station, body)
        #expect(answer.refusal == "bad-request")
        let error = answer.elements.first { $0.name.local == "error" }
        let text = error?.elements.first { $0.name.local == "text" }?.text ?? ""
        #expect(place.isEmpty || text.hasSuffix("at " + place), "\(text)")
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 1)
        #expect(try bench.report(from: station, #"{"seq":1,"records":[{"bn":"wx-1:","n":"t","v":1}]}"#)["type"] == "result")
    }

    @Test("A revoked station is refused at once; one that is installed again goes on where it was")
    func revoked() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.report(from: station, InformationBench.body(1))
        try bench.emit(.revoked(serial: try Serial("WX-1")))
        #expect(try bench.report(from: station, InformationBench.body(2)).refusal == "forbidden")
        try bench.restart()
        #expect(try bench.report(from: station, InformationBench.body(2)).refusal == "forbidden")
        try bench.install("wx-1")
        #expect(bench.services.nextSequence(try Serial("wx-1")) == 2)
        #expect(try bench.report(from: station, InformationBench.body(2))["type"] == "result")
    }

    @Test("Progress is written in rounds; a start finds the rest in the log")
    func progress() throws {
        let bench = try InformationBench { $0.progressPerStep = 2 }
        let stations = try (1...5).map { try bench.install("wx-\($0)") }
        for station in stations { try bench.report(from: station, InformationBench.body(1)) }
        try bench.advance(seconds: 11)
        for station in stations.prefix(2) { try bench.report(from: station, InformationBench.body(2)) }
        try bench.report(from: stations[4], InformationBench.body(7))
        try bench.report(from: stations[4], InformationBench.body(3))
        try bench.restart()
        let next = try (1...5).map { bench.services.nextSequence(try Serial("wx-\($0)")) }
        #expect(next == [3, 3, 2, 2, 8])
        for station in stations.prefix(1) { try bench.report(from: station, InformationBench.body(3)) }
        try bench.advance(seconds: 25)
        try bench.restart()
        #expect(try (1...5).map { bench.services.nextSequence(try Serial("wx-\($0)")) } == [4, 3, 2, 2, 8])
    }

    @Test("A first report that was lost with the process is owed like any other; a new store takes what stations begin with")
    func firstReport() throws {
        let bench = try InformationBench(isLinked: false)
        let (one, two) = (try bench.install("wx-1"), try bench.install("wx-2"))
        try bench.restart()
        #expect(try bench.report(from: one, InformationBench.body(7))["type"] == "result")
        try bench.restart()
        #expect(try bench.report(from: two, InformationBench.body(2)).refusal == "unexpected-request/expected")
        #expect(try bench.report(from: two, InformationBench.body(1))["type"] == "result")
        #expect(try bench.report(from: two, InformationBench.body(2))["type"] == "result")
        #expect(try stored(bench) == [7, 1, 2])
    }

    @Test("What comes in the batch in which the link comes up is judged and remembered after it")
    func sameBatch() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.report(from: station, InformationBench.body(1))
        _ = try bench.sent()
        try bench.process([.linkLost(.cut), .linkReady(generation: bench.outlet.generation), try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body(9)))])
        #expect(try bench.sent().first?.refusal == "unexpected-request/expected")
        try bench.grant("person@example.org", "wx-1")
        try bench.emit(.online(serial: try Serial("wx-1"), jid: try JID(station)), after: [.linkLost(.cut), .linkReady(generation: bench.outlet.generation)])
        _ = try bench.sent()
        try bench.receive("<presence type='subscribe' from='person@example.org' to='wx-1@\(InformationBench.domain)'/>")
        let status = try bench.sent().flatMap(\.elements).first { $0.name.local == "status" }?.text
        #expect(status?.hasPrefix("online") == true)
    }
}
