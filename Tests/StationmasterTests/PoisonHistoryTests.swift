// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Poison in answers: an item of the history for which the server closes the stream")
struct PoisonHistoryTests {
    private let consumer = "weather@nws.example/ingest"
    private let bench: InformationBench

    /// Reports 1 to 8, of which nobody was sent any.
    init() throws {
        bench = try InformationBench(segmentBytes: 4096) { $0.retention = .seconds(3 * 3600) }
        let station = try bench.install("wx-1")
        try bench.grant("weather@nws.example", "wx-1")
        for seq in 1...8 { try bench.publish(from: station, Int64(seq)) }
        _ = try bench.sent()
    }

    private func connect() throws {
        bench.outlet.set(up: true)
        try bench.process([.linkReady(generation: bench.outlet.generation)])
    }

    /// What came of a request for items.
    private enum Outcome: Hashable {
        case items([String], marks: [String])
        case refused(String)
        case closed
    }

    /// The consumer asks, and the server closes the stream if the poisoned item is in the answer.
    private func ask(_ items: String, poisons: Set<String>) throws -> Outcome {
        try bench.echoed()
        try bench.receive(
            "<iq type='get' id='ask' from='\(consumer)' to='\(InformationBench.domain)'>"
                + "<pubsub xmlns='http://jabber.org/protocol/pubsub'>\(items)</pubsub></iq>")
        let sent = try bench.sent()
        let answer = try #require(sent.first { $0["id"] == "ask" })
        if let refusal = answer.refusal {
            try bench.answer(sent)
            return .refused(refusal)
        }
        let pubsub = answer.elements.first?.elements ?? []
        let ids = pubsub.first?.elements.compactMap { $0["id"] } ?? []
        if !poisons.isDisjoint(with: ids) {
            bench.outlet.set(up: false)
            try bench.process([.linkLost(.rejected)])
            _ = bench.outlet.take()
            return .closed
        }
        try bench.answer(sent)
        return .items(ids, marks: pubsub.filter { $0.name.local == "quarantined" }.compactMap { $0["item"] })
    }

    private func quarantine() throws -> [String?] {
        try bench.command("quarantine.list")["items"]?.items.map { $0["item"]?.string } ?? []
    }

    /// The first one on a new link is refused until a ping has come back over it.
    private func askTwice(_ items: String, poisons: Set<String>) throws -> Outcome {
        let outcome = try ask(items, poisons: poisons)
        guard case .refused = outcome else { return outcome }
        try bench.advance(seconds: 0.3)
        try bench.echoed()
        return try ask(items, poisons: poisons)
    }

    private let newest = "<items node='stations/wx-1'/>"
    private func page(after item: String?) -> String {
        "<items node='stations/wx-1'/><set xmlns='http://jabber.org/protocol/rsm'><max>5</max>"
            + (item.map { "<after>\($0)</after>" } ?? "") + "</set>"
    }

    @Test("One who asks for the newest now and then, minutes apart, gets at all but the poisoned one in the end")
    func seldom() throws {
        var closed = 0
        var outcome = Outcome.closed
        for _ in 1...20 {
            if outcome == .closed { try connect() }
            outcome = try ask(newest, poisons: ["1-4"])
            if outcome == .closed { closed += 1 }
            try bench.advance(seconds: 0.3)
            try bench.echoed()
            try bench.advance(seconds: 120)
        }
        #expect(closed == 3)
        #expect(try quarantine() == ["1-4"])
        #expect(outcome == .items(["1-1", "1-2", "1-3", "1-5", "1-6", "1-7", "1-8"], marks: ["1-4"]))
    }

    @Test("One who reads page by page goes on behind the items that are tried, and finds the mark in the poisoned one's place")
    func pages() throws {
        var closed = 0
        var last: String?
        var got: [String] = []
        var marks: Set<String> = []
        for _ in 1...40 {
            switch try ask(page(after: last), poisons: ["1-4"]) {
            case .closed:
                closed += 1
                try connect()
            case .refused(let condition): #expect(condition == "resource-constraint")
            case .items(let ids, let found):
                got += ids
                marks.formUnion(found)
                last = ids.last ?? last
            }
            try bench.advance(seconds: 0.3)
            try bench.echoed()
        }
        #expect(closed == 3 && marks == ["1-4"])
        #expect(got == ["1-1", "1-2", "1-3", "1-5", "1-6", "1-7", "1-8"])
    }

    @Test("While one suspect is under way, another is asked for later; a sign of life behind it lets the next one go at once")
    func oneAtATime() throws {
        for _ in 1...2 {
            #expect(try ask(newest, poisons: ["1-8"]) == .closed)
            try connect()
        }
        #expect(try ask(page(after: nil), poisons: []) == .refused("resource-constraint"), "not before the link has proven itself")
        try bench.advance(seconds: 0.3)
        try bench.echoed()
        try bench.receive(
            "<iq type='get' id='a' from='\(consumer)' to='\(InformationBench.domain)'>"
                + "<pubsub xmlns='http://jabber.org/protocol/pubsub'>\(page(after: nil))</pubsub></iq>")
        // The sign of life is asked for behind the answer.
        let sent = try bench.sent()
        #expect(sent.map { $0["type"] } == ["result", "get"])
        let ping = try #require(sent.last)
        #expect(ping.firstChild(Ping.payload) != nil && ping["to"] == InformationBench.domain)
        #expect(try ask(page(after: "1-1"), poisons: []) == .refused("resource-constraint"))
        #expect(try ask(page(after: nil), poisons: []) == .refused("resource-constraint"))
        try bench.receive(
            "<iq type='result' id='\(ping["id"] ?? "")' from='\(InformationBench.domain)' to='\(InformationBench.domain)'/>")
        #expect(try ask(page(after: nil), poisons: []) == .items(["1-1", "1-2"], marks: []))
    }

    @Test("Two poisoned items in one page are found one after the other")
    func two() throws {
        var closed = 0
        var outcome = Outcome.closed
        for _ in 1...30 {
            if outcome == .closed { try connect() }
            outcome = try ask(newest, poisons: ["1-2", "1-7"])
            if outcome == .closed { closed += 1 }
            try bench.advance(seconds: 0.3)
            try bench.echoed()
            try bench.advance(seconds: 30)
        }
        #expect(closed == 4)
        #expect(try quarantine().contains("1-2") && quarantine().contains("1-7"))
    }

    @Test("An item that is asked for by its id is tried like all others, and a mark says why it is not there any more")
    func byIdentifier() throws {
        let one = "<items node='stations/wx-1'><item id='1-5'/></items>"
        for _ in 1...3 {
            #expect(try askTwice(one, poisons: ["1-5"]) == .closed)
            try connect()
        }
        #expect(try ask(one, poisons: ["1-5"]) == .items([], marks: ["1-5"]))
        // Who may not see it is not told of it either.
        try bench.revoke("weather@nws.example", "wx-1")
        #expect(try ask(one, poisons: []) != .items([], marks: ["1-5"]))
    }

    @Test("Of items that are asked for by their ids none is left out while one is suspected: all of them come, or later")
    func noneLeftOut() throws {
        for _ in 1...2 {
            #expect(try askTwice("<items node='stations/wx-1'><item id='1-5'/></items>", poisons: ["1-5"]) == .closed)
            try connect()
        }
        let two = "<items node='stations/wx-1'><item id='1-5'/><item id='1-6'/></items>"
        #expect(try askTwice(two, poisons: []) == .items(["1-6", "1-5"], marks: []))
        #expect(try ask(two, poisons: []) == .items(["1-5", "1-6"], marks: []))
    }

    private let station = "wx-1@stations.localhost/agent"

    @Test("An old culprit does not take with it what the station has sent well since: all is set aside from the first recent one on")
    func oldCulprit() throws {
        try bench.advance(seconds: 7200)
        for seq in 9...12 { try bench.publish(from: station, Int64(seq)) }
        var outcome = Outcome.closed
        for _ in 1...30 {
            if outcome == .closed { try connect() }
            outcome = try ask(newest, poisons: ["1-5", "1-10"])
            try bench.advance(seconds: 0.3)
            try bench.echoed()
        }
        #expect(try quarantine() == ["1-5", "1-10", "1-11", "1-12"])
    }

    @Test("What the log has given up is not in quarantine any more")
    func givenUp() throws {
        for _ in 1...3 {
            #expect(try askTwice("<items node='stations/wx-1'><item id='1-5'/></items>", poisons: ["1-5"]) == .closed)
            try connect()
        }
        #expect(try quarantine() == ["1-5"])
        for first in [9, 61] {
            for seq in first..<(first + 52) { try bench.publish(from: station, Int64(seq)) }
            try bench.advance(seconds: 4 * 3600)
        }
        #expect(try quarantine() == [])
    }
}
