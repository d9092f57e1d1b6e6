// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationCore
import StationJSON
import StationTesting
@testable import Stationmaster
import Synchronization
import Testing
import XMLStream
import XMPPCore

@Suite("Poison over a socket: a server that closes the stream for certain bytes", .serialized)
struct PoisonLinkTests {
    private static let archive = "archive@nws.example"

    /// What the server has read.
    private final class Seen: Sendable {
        let stanzas = Mutex<[Element]>([])
        /// Items of the feed, in their order, each once.
        var feed: [String] {
            var known: Set<String> = []
            return stanzas.withLock { $0 }.compactMap { stanza in
                guard let id = stanza["id"], stanza["type"] == "normal", known.insert(id).inserted else { return nil }
                return id
            }
        }
        /// Reports that stations hold for stored.
        var acknowledged: Set<String> {
            Set(stanzas.withLock { $0 }.filter { $0["type"] == "result" }.compactMap { $0["id"] }.filter { $0.contains("-") })
        }
        var headlines: Int { stanzas.withLock { $0.count { $0["type"] == "headline" } } }
        func answer(_ id: String) -> Element? { stanzas.withLock { $0.last { $0["id"] == id && $0.name.local == "iq" } } }
    }

    /// A station that has given up what was lost with a link.
    private static func report(_ station: Int, _ seq: Int, _ value: String) -> String {
        FlowBench.report(station, seq).replacingOccurrences(of: "21.5", with: value)
            .replacingOccurrences(of: "]}", with: "],\"gap\":true}")
    }

    private func ask(_ bench: FlowBench, _ command: String) async throws -> JSON {
        let arguments = try JSONDocument("{}")
        return try await withCheckedThrowingContinuation { continuation in
            bench.inbox.append(command: command, arguments) { continuation.resume(with: $0.mapError { $0 as any Error }) }
        }
    }

    private func eventually(_ what: String, within seconds: Double = 10, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !condition() {
            guard ContinuousClock.now < end else {
                Issue.record("did not happen in time: \(what)")
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test("The item is found on the feed, the others reach their consumers, and the history has a mark in its place")
    func overASocket() async throws {
        let seen = Seen()
        let server = try await LoopbackServer { stanza in
            let element = stanza.element
            if "\(element)".contains("66.6") { return .close(.notWellFormed) }
            seen.stanzas.withLock { $0.append(element) }
            return .take
        }
        let bench = try FlowBench(clock: WallClock(), isLinked: true)
        _ = try bench.command("fleet.install", .object(["count": .integer(3)]))
        for consumer in [Self.archive, "screen@nws.example"] {
            _ = try bench.command("grant.add", .object(["consumer": .string(consumer), "station": "all"]))
        }
        let core = bench.run()
        let link = bench.connect(to: server.port)
        let running = Task { try await link.run() }
        try await eventually("the link") { server.links.opened == 1 }
        try await subscribe(server, seen)
        for seq in 1...50 {
            for station in 1...3 {
                server.send(Self.report(station, seq, station == 1 && seq == 3 ? "66.6" : "21.5"))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await eventually("quarantine") { try await ask(bench, "quarantine.list")["items"]?.items.count == 1 }
        let item = try #require(try await ask(bench, "quarantine.list")["items"]?.items.first)
        #expect(item["serial"]?.string == "WX-1" && item["seq"] == .integer(3))
        let id = item["item"]?.string ?? ""
        try await eventually("the rest of the feed") {
            seen.feed.contains("quarantined-\(id)") && seen.feed.count >= seen.acknowledged.count
        }
        let closed = server.links.closed
        #expect((3...6).contains(closed))
        #expect(!seen.feed.contains(id) && seen.acknowledged.count >= 30)
        server.send(
            "<iq type='get' id='h' from='\(Self.archive)/x' to='\(FlowBench.domain)'><pubsub "
                + "xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-1'/>"
                + "<set xmlns='http://jabber.org/protocol/rsm'><max>50</max></set></pubsub></iq>")
        try await eventually("the history") { seen.answer("h") != nil }
        let history = try #require(seen.answer("h")?.elements.first)
        #expect(history.elements.first { $0.name.local == "quarantined" }?["item"] == id)
        try await Task.sleep(for: .milliseconds(300))
        #expect(server.links.closed == closed, "the link stays")
        print("poison over a socket: \(closed) links lost, \(seen.feed.count) items of the feed, \(seen.headlines) headlines")
        await link.shutdown()
        running.cancel()
        core.stop()
        await server.stop()
    }

    /// A feed that is taken, and a live subscription; over the link.
    private func subscribe(_ server: LoopbackServer, _ seen: Seen) async throws {
        func request(_ id: String, _ jid: String, _ mode: String) -> String {
            """
            <iq type='set' id='\(id)' from='\(jid)/x' to='\(FlowBench.domain)'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
            <subscribe node='all' jid='\(jid)'/><options><x xmlns='jabber:x:data' type='submit'>\
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#subscribe_options</value></field>\
            <field var='stationmaster#mode'><value>\(mode)</value></field>\
            <field var='stationmaster#window'><value>1000</value></field></x></options></pubsub></iq>
            """
        }
        server.send(request("f", Self.archive, "feed") + request("l", "screen@nws.example", "live"))
        try await eventually("the subscriptions") { seen.answer("f") != nil && seen.answer("l") != nil }
        let subid = try #require(seen.answer("f")?.elements.first?.elements.first?["subid"])
        server.send(
            "<iq type='set' id='q' from='\(Self.archive)/x' to='\(FlowBench.domain)'><resume xmlns='urn:stationmaster:1'>"
                + "<json xmlns='urn:xmpp:json:0'>{\"subid\":\"\(subid)\"}</json></resume></iq>")
        try await eventually("the feed") { seen.answer("q") != nil }
    }
}
