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

@Suite("Overload: more than the core can take", .serialized)
struct OverloadTests {
    private static let stations = 100

    private func limits() -> CoreLimits {
        var limits = CoreLimits()
        limits.inboxBytes = 1 << 20
        limits.controlBytes = 1 << 20
        limits.batchRequests = 40
        return limits
    }

    private func condition(_ stanza: Element) -> String? {
        stanza["type"] == "error" ? TestStation.condition(stanza) : nil
    }

    @Test("Ten times what fits: the rest is refused at once, memory stays bounded, and each station goes on in order")
    func bounded() throws {
        let bench = try FlowBench(limits: limits())
        _ = try bench.command("fleet.install", .object(["count": .integer(Int64(Self.stations))]))
        _ = try bench.sent()
        var most = 0
        for seq in 1...300 {
            try bench.arrive((1...Self.stations).map { FlowBench.report($0, seq) }.joined())
            most = max(most, bench.inbox.waitingBytes)
        }
        #expect(most <= 1 << 20)
        let refused = try bench.sent()
        #expect(refused.count > 20_000 && refused.allSatisfy { condition($0) == "resource-constraint" })
        bench.pump()
        #expect(bench.inbox.waitingBytes == 0)
        let taken = try bench.sent()
        #expect(taken.count + refused.count == 300 * Self.stations)
        // What was refused comes again: no gap, no late report, nothing refused.
        var last: [String: Int] = [:]
        for stanza in taken where stanza["type"] == "result" {
            let parts = (stanza["id"] ?? "").split(separator: "-")
            if parts.count == 2 { last[String(parts[0])] = max(last[String(parts[0])] ?? 0, Int(parts[1]) ?? 0) }
        }
        for station in 1...Self.stations {
            let next = (last[String(station)] ?? 0) + 1
            for (seq, answer) in [(next + 1, "unexpected-request"), (next, "result")] {
                try bench.receive(FlowBench.report(station, seq))
                #expect(try bench.sent().map { condition($0) ?? "result" } == [answer])
            }
        }
    }

    @Test("Who was refused is remembered once each, however often, and beyond a limit all are asked for order")
    func shedSenders() throws {
        var limits = limits()
        limits.shedSenders = 3
        let inbox = Inbox(limits: limits)
        let jids = try (1...4).map { try JID("wx-\($0)@stations.localhost/agent") }
        for _ in 0..<1000 { inbox.shed(jids.prefix(3)) }
        let three = inbox.take(within: .zero) ?? []
        #expect(three.count == 1)
        if case .shed(let senders)? = three.first { #expect(senders?.count == 3) } else { Issue.record("no shed") }
        inbox.shed(jids)
        let all = inbox.take(within: .zero) ?? []
        #expect(all.count == 1)
        if case .shed(let senders)? = all.first { #expect(senders == nil) } else { Issue.record("no shed") }
    }

    @Test("Commands beyond their share are refused with an answer, and those taken come before everything else")
    func commands() throws {
        var limits = limits()
        limits.commandBytes = 10 * 1100
        let inbox = Inbox(limits: limits)
        let refused = Atomic<Int>(0)
        let arguments = try JSONDocument("{}")
        inbox.append(control: [.wake])
        for _ in 0..<20 {
            inbox.append(command: "status", arguments) { if case .failure = $0 { refused.add(1, ordering: .relaxed) } }
        }
        #expect(refused.load(ordering: .relaxed) == 10)
        let batch = inbox.take(within: .zero) ?? []
        #expect(batch.count == 11)
        if case .command? = batch.first {} else { Issue.record("a command comes first") }
        if case .wake? = batch.last {} else { Issue.record("control comes after it") }
    }

    @Test("A slow disk and tenfold load: refused before memory grows, a revocation within a second, normal within five")
    func tenfold() async throws {
        let bench = try FlowBench(clock: WallClock(), limits: limits())
        _ = try bench.command("fleet.install", .object(["count": .integer(Int64(Self.stations))]))
        _ = try bench.command("grant.add", .object(["consumer": "screen@nws.example", "station": "all"]))
        _ = try bench.subscribe("screen@nws.example")
        // A read of a hundred reports in 220 ms at least: 454 a second at most. The core takes whole reads.
        bench.disk.set(microseconds: 220_000)
        let core = bench.run()
        defer { core.stop() }
        let flood = Flood(bench: bench, stations: Self.stations)
        let capacity = try await flood.capacity(seconds: 1.5)
        let start = ContinuousClock.now
        let (offered, stored) = (flood.offered, flood.stored)
        flood.run(seconds: 1, reportsPerSecond: Int(16 * capacity))
        let revoked = Mutex<ContinuousClock.Instant?>(nil)
        let asked = ContinuousClock.now
        bench.inbox.append(command: "station.revoke", try JSONDocument(#"{"serial":"WX-1"}"#)) { _ in
            revoked.withLock { $0 = .now }
        }
        let presences = bench.fleet.presences.load(ordering: .relaxed)
        try bench.arrive("<presence from='wx-2@stations.localhost/agent' to='\(FlowBench.domain)'/>")
        flood.run(seconds: 0.9, reportsPerSecond: Int(16 * capacity))
        let seconds = start.duration(to: .now) / .seconds(1)
        flood.listen()
        let times = Double(flood.offered - offered) / seconds / max(capacity, Double(flood.stored - stored) / seconds)
        #expect(times >= 10, "\(times) times what can be taken")
        let inForce = try #require(revoked.withLock { $0 }, "the revocation was not in force within a second")
        #expect(asked.duration(to: inForce) < .seconds(1))
        #expect(bench.fleet.presences.load(ordering: .relaxed) == presences + 1)
        #expect(flood.mostWaiting <= 2 << 20)
        #expect(flood.refused > 5 * (flood.stored - stored))
        let before = flood.last[1] ?? 0
        // The end of the flood.
        let end = ContinuousClock.now
        var isNormal = false
        while !isNormal, end.duration(to: .now) < .seconds(5) {
            flood.listen()
            let wanted = (2...Self.stations).map { ($0, (flood.last[$0] ?? 0) + 1) }
            for (station, seq) in wanted { try bench.arrive(FlowBench.report(station, seq)) }
            try await Task.sleep(for: .milliseconds(200))
            flood.listen()
            isNormal = wanted.allSatisfy { (flood.last[$0.0] ?? 0) >= $0.1 }
        }
        #expect(isNormal)
        print("overload: capacity \(Int(capacity)) a second, \(Int(times)) times as much offered, revoked after \(asked.duration(to: inForce)), normal \(end.duration(to: .now)) after the end,",
            "\(flood.refused) refused, \(flood.stored) stored, \(flood.mostWaiting) bytes waited at most")
        try bench.arrive(FlowBench.report(1, (flood.last[1] ?? 0) + 1))
        try await Task.sleep(for: .milliseconds(300))
        flood.listen()
        #expect(flood.last[1] ?? 0 == before, "nothing of a revoked station is taken")
    }
}

/// A hundred stations that send as fast as they are told, and listen to the answers.
private final class Flood {
    private let bench: FlowBench
    private let stations: Int
    private var sent: [Int: Int] = [:]
    /// The highest report of each station that was acknowledged.
    private(set) var last: [Int: Int] = [:]
    private(set) var offered = 0
    private(set) var refused = 0
    private(set) var stored = 0
    private(set) var mostWaiting = 0

    init(bench: FlowBench, stations: Int) {
        self.bench = bench
        self.stations = stations
    }

    /// Each station sends when it was answered: how many reports a second the core takes.
    func capacity(seconds: Double) async throws -> Double {
        let start = ContinuousClock.now
        let before = stored
        while start.duration(to: .now) < .seconds(seconds) {
            let ready = (1...stations).filter { sent[$0] ?? 0 == last[$0] ?? 0 }
            if !ready.isEmpty { try bench.arrive(ready.map { report($0) }.joined()) }
            try await Task.sleep(for: .milliseconds(2))
            listen()
        }
        return Double(stored - before) / (start.duration(to: .now) / .seconds(1))
    }

    /// The next one; after a refusal a station begins again where it was.
    private func report(_ station: Int) -> String {
        let seq = max(sent[station] ?? 0, last[station] ?? 0) + 1
        sent[station] = seq
        offered += 1
        return FlowBench.report(station, seq)
    }

    func run(seconds: Double, reportsPerSecond: Int) {
        let start = ContinuousClock.now
        var count = 0
        while true {
            let elapsed = start.duration(to: .now) / .seconds(1)
            guard elapsed < seconds else { return }
            guard Double(count) < elapsed * Double(reportsPerSecond) else {
                usleep(500)
                continue
            }
            try? bench.arrive((1...stations).map { report($0) }.joined())
            count += stations
            mostWaiting = max(mostWaiting, bench.inbox.waitingBytes)
            if count % 5000 == 0 { listen() }
        }
    }

    func listen() {
        for stanza in (try? bench.sent()) ?? [] where stanza.name.local == "iq" {
            let parts = (stanza["id"] ?? "").split(separator: "-").compactMap { Int($0) }
            guard parts.count == 2 else { continue }
            if stanza["type"] == "result" {
                last[parts[0]] = max(last[parts[0]] ?? 0, parts[1])
                stored += 1
            } else {
                refused += 1
                sent[parts[0]] = last[parts[0]] ?? 0
            }
        }
    }
}
