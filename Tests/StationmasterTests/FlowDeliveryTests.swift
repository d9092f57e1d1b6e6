// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationTesting
import Testing
import XMLStream
import XMPPComponent
import XMPPCore

@Suite("Flow: a server that does not take what there is")
struct FlowDeliveryTests {
    private let live = "screen@nws.example"
    private let archive = "archive@nws.example"

    /// One station; congested beyond 64 KiB, relieved at 32 KiB, 32 KiB of reports may wait.
    private func bench() throws -> FlowBench {
        var limits = CoreLimits()
        limits.linkCongestedBytes = 64 << 10
        limits.linkRelievedBytes = 32 << 10
        limits.outputChunkBytes = 4 << 10
        limits.batchRequests = 64
        let bench = try FlowBench(limits: limits) { $0.liveBufferBytes = 32 << 10 }
        _ = try bench.command("fleet.install", .object(["count": 2]))
        for consumer in [live, archive] {
            _ = try bench.command("grant.add", .object(["consumer": .string(consumer), "station": "all"]))
        }
        return bench
    }

    private struct Heard {
        var items: [Int] = []
        var dropped: [Int] = []
        var results = 0
    }

    /// What one consumer got, and how many acknowledgements there were.
    private func heard(_ stanzas: [Element], by jid: String) -> Heard {
        var heard = Heard()
        for stanza in stanzas {
            if stanza.name.local == "iq" {
                heard.results += stanza["type"] == "result" ? 1 : 0
            } else if stanza["to"]?.hasPrefix(jid) == true, let first = stanza.elements.first {
                if first.name == XMLName("dropped", Namespaces.stationmaster) {
                    heard.dropped.append(first["count"].flatMap { Int($0) } ?? -1)
                } else if let id = first.elements.first?.elements.first?["id"] {
                    heard.items.append(id.split(separator: "-").last.flatMap { Int($0) } ?? -1)
                }
            }
        }
        return heard
    }

    private func relieve(_ bench: FlowBench) throws -> [Element] {
        var stanzas: [Element] = []
        for _ in 0..<50 {
            stanzas += try bench.sent()
            (bench.clock as? VirtualClock)?.advance(milliseconds: 60)
            bench.pump()
        }
        return stanzas
    }

    @Test("Live: the newest wait, the oldest are dropped and counted, and no acknowledgement is lost")
    func oldestDropped() throws {
        let bench = try bench()
        _ = try bench.subscribe(live)
        for seq in 1...1000 { try bench.receive(FlowBench.report(1, seq)) }
        #expect(bench.services.waitingBytes <= 32 << 10)
        #expect(bench.services.droppedCount > 100)
        let first = heard(try bench.sent(), by: live)
        #expect(first.results == 1000 && first.dropped.isEmpty, "answers are not held up")
        #expect(first.items == Array((1...1000).prefix(first.items.count)) && first.items.count < 400)
        let rest = heard(try relieve(bench), by: live)
        #expect(rest.dropped.count == 1)
        #expect(rest.items == Array((1...1000).suffix(rest.items.count)), "the newest, in order")
        #expect(first.items.count + rest.items.count + (rest.dropped.first ?? 0) == 1000)
        #expect(rest.items.count * 130 > 30 << 10, "as many as the buffer holds")
        #expect(bench.outlet.refused == 0)
        // All is as before.
        try bench.receive(FlowBench.report(1, 1001))
        #expect(heard(try bench.sent(), by: live).items == [1001])
        #expect(bench.services.waitingBytes == 0)
    }

    @Test("A notice comes before the items that follow the loss")
    func order() throws {
        let bench = try bench()
        _ = try bench.subscribe(live)
        for seq in 1...1000 { try bench.receive(FlowBench.report(1, seq)) }
        _ = try bench.sent()
        let rest = try relieve(bench).filter { $0.name.local == "message" }
        #expect(rest.first?.elements.first?.name.local == "dropped")
        #expect(rest.first?["type"] == "headline" && rest.first?.elements.first?["node"] == "all")
    }

    @Test("Feed: the cursor waits, nothing is lost and nothing comes twice")
    func feed() throws {
        let bench = try bench()
        _ = try bench.subscribe(archive, mode: "feed")
        _ = try bench.subscribe(live)
        for seq in 1...600 { try bench.receive(FlowBench.report(1, seq)) }
        let first = try bench.sent()
        let rest = try relieve(bench)
        let items = heard(first + rest, by: archive).items
        #expect(heard(first, by: archive).items.count < 400)
        #expect(items == Array(1...600))
        #expect(heard(first + rest, by: archive).dropped.isEmpty)
        try bench.receive(FlowBench.report(1, 601))
        #expect(heard(try bench.sent(), by: archive).items == [601], "at the tail again")
    }

    @Test("The link goes down with a chunk: what was in it is counted, and what came later is delivered when it is back")
    func linkDown() throws {
        let bench = try bench()
        _ = try bench.subscribe(live)
        bench.outlet.set(up: false)
        try bench.receive((1...3).map { FlowBench.report(1, $0) }.joined())
        bench.network.componentLost(ComponentError(.closed, "gone"))
        try bench.receive((4...6).map { FlowBench.report(1, $0) }.joined())
        #expect(try bench.sent().isEmpty)
        bench.outlet.set(up: true)
        bench.network.componentReady(0)
        bench.pump()
        let heard = heard(try bench.sent(), by: live)
        #expect(heard.items.count + (heard.dropped.first ?? 0) == 6)
        #expect(heard.items.suffix(3) == [4, 5, 6])
    }

    @Test("A link that takes nothing at all is left alone, and what waits stays bounded")
    func nothingTaken() throws {
        let bench = try bench()
        _ = try bench.subscribe(live)
        bench.outlet.set(capacity: 0)
        for seq in 1...1000 { try bench.receive(FlowBench.report(1, seq)) }
        _ = try relieve(bench)
        #expect(bench.services.waitingBytes <= 32 << 10)
        bench.outlet.set(capacity: 1 << 20)
        let rest = heard(try relieve(bench), by: live)
        #expect(rest.items.last == 1000)
        #expect(rest.items.count + rest.dropped.reduce(0, +) == 1000)
    }

    @Test("What waits is delivered by the grants of the moment: not after a revocation, and nothing of before a grant")
    func grants() throws {
        let bench = try bench()
        _ = try bench.subscribe(live)
        _ = try bench.subscribe(archive)
        _ = try bench.sent()
        // Another station is left to it, or its subscription would end.
        _ = try bench.command("grant.add", .object(["consumer": .string(archive), "station": "WX-2"]))
        _ = try bench.command("grant.remove", .object(["consumer": .string(archive), "station": "all"]))
        bench.network.componentLost(ComponentError(.closed, "gone"))
        bench.outlet.set(up: false)
        try bench.receive((1...3).map { FlowBench.report(1, $0) }.joined())
        _ = try bench.command("grant.remove", .object(["consumer": .string(live), "station": "all"]))
        _ = try bench.command("grant.add", .object(["consumer": .string(archive), "station": "all"]))
        try bench.receive(FlowBench.report(1, 4))
        bench.outlet.set(up: true)
        bench.network.componentReady(0)
        let stanzas = try relieve(bench)
        #expect(heard(stanzas, by: live).items.isEmpty)
        #expect(heard(stanzas, by: archive).items == [4])
    }
}
