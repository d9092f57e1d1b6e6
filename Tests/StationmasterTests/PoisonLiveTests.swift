// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationJSON
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Poison in live deliveries: a station for whose reports the server closes the stream")
struct PoisonLiveTests {
    private static let poisoned = 66.6

    /// Three stations, and a consumer that subscribes to all of them, live.
    private final class Play {
        let bench: TestBench
        let stations: [TestStation]
        private(set) var closed = 0
        private var sequences = [0, 0, 0]
        /// Reports that the consumer got, and how often each.
        private(set) var got: [String: Int] = [:]

        init() throws {
            let bench = try TestBench()
            self.bench = bench
            stations = try ["WX-1", "WX-2", "WX-3"].map { try TestStation(bench, $0) }
            for station in stations { try station.install() }
            _ = try bench.command("grant.add", ["consumer": "screen@nws.example", "station": "all"])
            bench.receive(
                "<iq type='set' id='s' from='screen@nws.example/x' to='\(TestBench.domain)'><pubsub "
                    + "xmlns='http://jabber.org/protocol/pubsub'><subscribe node='all' jid='screen@nws.example'/></pubsub></iq>")
            _ = bench.sent()
        }

        /// One station reports; true if the report was taken.
        @discardableResult
        func report(_ index: Int, _ value: Double) throws -> Bool {
            let seq = sequences[index] + 1
            bench.receive(
                "<iq type='set' id='r' from='\(try stations[index].jid)' to='\(TestBench.domain)'>"
                    + "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
                    + "{\"seq\":\(seq),\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":\(value)}]}"
                    + "</json></report></iq>")
            let isTaken = serve()
            if isTaken { sequences[index] = seq }
            return isTaken
        }

        /// The server's turn: it closes the stream for a poisoned report, and pings to the component come back. True if it
        /// was given the acknowledgement of a report.
        @discardableResult
        func serve() -> Bool {
            var isTaken = false
            for _ in 0..<20 {
                let sent = bench.sent()
                if sent.isEmpty { break }
                for stanza in sent {
                    if "\(stanza)".contains("\(PoisonLiveTests.poisoned)") {
                        closed += 1
                        bench.hangUp(.notWellFormed)
                        bench.advance(seconds: 5)
                        bench.reconnect()
                        bench.advance(seconds: 0.3)
                        break
                    }
                    if stanza["type"] == "result", stanza["id"] == "r" { isTaken = true }
                    if stanza.firstChild(Ping.payload) != nil, stanza["to"] == TestBench.domain {
                        bench.receive(
                            "<iq type='result' id='\(stanza["id"] ?? "")' from='\(TestBench.domain)' to='\(TestBench.domain)'/>")
                    }
                    if let delivery = Delivery(stanza) { got[delivery.id, default: 0] += 1 }
                }
            }
            return isTaken
        }

        func state(_ serial: String) throws -> String? {
            try bench.command("station.show", ["serial": .string(serial)])["state"]?.string
        }
    }

    @Test("One station sends nothing else: four links are lost, then it is suspended, and the others are served all along")
    func hostile() throws {
        let play = try Play()
        var served = 0
        for round in 1...1000 {
            let isTaken = try play.report(0, Self.poisoned)
            if round > 10 { #expect(!isTaken) }
            if round > 20, round % 100 != 0 { continue }
            for index in 1...2 {
                if try play.report(index, Double(round)) { served += 1 }
            }
            play.bench.advance(seconds: 0.3)
            play.serve()
        }
        // Two until it is suspected, and one for each of two items.
        #expect(play.closed == 4)
        #expect(try play.state("WX-1") == "suspended")
        #expect(try play.state("WX-2") == "installed" && play.state("WX-3") == "installed")
        #expect(served == 60)
        print("poison: \(play.closed) links lost, \(play.got.count) of 60 delivered")
        #expect(play.got.count >= 60 - play.closed && play.got.values.allSatisfy { $0 == 1 })
        let listed = try play.bench.command("quarantine.list")["items"]?.items.map { $0["serial"]?.string } ?? []
        #expect(listed.count >= 2 && listed.allSatisfy { $0 == "WX-1" })
        let alarms = try play.bench.command("log")["entries"]?.items.filter { $0["action"]?.string == "alarm" } ?? []
        #expect(alarms.contains { $0["subject"]?.string == "WX-1" })
    }

    @Test("Reports of suspected stations go out one at a time and in order; who is cleared passes by again")
    func oneAtATime() throws {
        let bench = try InformationBench()
        let stations = try (1...3).map { try bench.install("wx-\($0)") }
        try bench.grant("screen@nws.example", "all")
        _ = try bench.subscribe("screen@nws.example/x", "all")
        func publish(_ seq: Int64, _ indices: ClosedRange<Int>) throws {
            try bench.process(indices.map {
                try InformationBench.stanza(InformationBench.report(from: stations[$0], InformationBench.body(seq)))
            })
        }
        /// What was sent; the pings among it come back.
        func items() throws -> [String] {
            let sent = try bench.sent()
            try bench.answer(sent)
            return sent.deliveries.map(\.id)
        }
        for seq in 1...2 {
            try publish(Int64(seq), 0...2)
            _ = try bench.sent()
            bench.outlet.set(up: false)
            try bench.process([.linkLost(.rejected)])
            bench.outlet.set(up: true)
            try bench.process([.linkReady(generation: bench.outlet.generation)])
        }
        _ = try bench.sent()
        try publish(3, 0...2)
        try publish(4, 0...2)
        #expect(try items() == [])
        try bench.advance(seconds: 0.25)
        #expect(try items() == [], "first a ping has to come back over the new link")
        #expect(try items() == ["1-7"])
        #expect(try items() == ["1-8"])
        // The first station is cleared, but its fourth report still waits.
        try publish(5, 0...0)
        #expect(try items() == ["1-9"])
        #expect(try items() == ["1-10", "1-11", "1-12", "1-13"])
        try publish(5, 1...2)
        #expect(try items() == ["1-14", "1-15"])
    }

    /// A live subscriber, and two stations of which each was there when two links were lost. Items 1-1 to 1-4 are sent.
    private func suspects(_ configure: (inout InformationConfiguration) -> Void = { _ in }) throws -> (InformationBench, [String]) {
        let bench = try InformationBench(configure)
        let stations = try (1...2).map { try bench.install("wx-\($0)") }
        try bench.grant("screen@nws.example", "all")
        _ = try bench.subscribe("screen@nws.example/x", "all")
        for seq in 1...2 {
            for station in stations { try bench.publish(from: station, Int64(seq)) }
            bench.outlet.set(up: false)
            try bench.process([.linkLost(.rejected)])
            bench.outlet.set(up: true)
            try bench.process([.linkReady(generation: bench.outlet.generation)])
        }
        _ = try bench.sent()
        return (bench, stations)
    }

    @Test("The suspicion ends while the link is down: what has waited goes out over the next one")
    func relieved() throws {
        let (bench, stations) = try suspects()
        for seq in 3...4 { try bench.publish(from: stations[0], Int64(seq)) }
        #expect(try bench.sent().deliveries.isEmpty)
        bench.outlet.set(up: false)
        try bench.process([.linkLost(.unrelated)])
        try bench.advance(seconds: 3601)
        bench.outlet.set(up: true)
        try bench.process([.linkReady(generation: bench.outlet.generation)])
        #expect(try bench.sent().deliveries.map(\.id) == ["1-5", "1-6"])
        try bench.publish(from: stations[0], 5)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-7"])
    }

    @Test("More than may wait: what is lost is told at once, although the link takes everything")
    func overflow() throws {
        let (bench, stations) = try suspects()
        for seq in 3...4100 { try bench.publish(from: stations[0], Int64(seq)) }
        let dropped = try bench.sent().compactMap { stanza in
            stanza.elements.first { $0.name.local == "dropped" }.flatMap { Int($0["count"] ?? "") }
        }
        #expect(dropped.reduce(0, +) == 2)
    }

    @Test("One that waited and is refused by the link is told as lost")
    func refused() throws {
        let (bench, stations) = try suspects()
        try bench.publish(from: stations[0], 3)
        try bench.advance(seconds: 0.25)
        let ping = try bench.sent()
        bench.outlet.set(up: false)
        try bench.answer(ping)
        bench.outlet.set(up: true)
        try bench.advance(seconds: 1)
        let sent = try bench.sent()
        #expect(sent.deliveries.isEmpty)
        #expect(sent.contains { $0.elements.contains { $0.name.local == "dropped" && $0["count"] == "1" } })
    }
}
