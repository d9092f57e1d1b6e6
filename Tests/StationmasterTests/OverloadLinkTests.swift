// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationCore
import StationJSON
import StationModel
import StationStore
@testable import Stationmaster
import Synchronization
import Testing
import XMLStream
import XMPPCore

@Suite("Overload over a socket: ten times what the component can take", .serialized)
struct OverloadLinkTests {
    private static let stations = 100
    /// What a commit takes beside the real one.
    private static let diskMicroseconds = 150_000
    /// What memory may grow by: the inbox, what a batch holds, buffers of both ends of the link.
    private static let memoryLimit = 32 * 1024

    private func limits() -> CoreLimits {
        var limits = CoreLimits()
        limits.inboxBytes = 1 << 20
        limits.batchRequests = 50
        return limits
    }

    /// Everything about one run.
    private final class Run {
        let flood: LinkedFlood
        let server: LoopbackServer
        let folder: URL
        private var bench: OverloadBench?
        let inbox: Inbox
        let path: String
        var mostMemory = 0
        var mostWaiting = 0

        init(_ limits: CoreLimits) async throws {
            let flood = LinkedFlood(stations: OverloadLinkTests.stations)
            self.flood = flood
            server = try await LoopbackServer {
                flood.take($0)
                return .take
            }
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("overload-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let bench = try OverloadBench(
                stations: OverloadLinkTests.stations, limits: limits, port: server.port, folder: folder)
            self.bench = bench
            inbox = bench.inbox
            path = bench.path
            while server.links.opened == 0 { try await Task.sleep(for: .milliseconds(5)) }
            bench.disk.set(microseconds: OverloadLinkTests.diskMicroseconds)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// The component finishes what it has taken, and leaves its store to others.
        func stop() async throws {
            await bench?.stop()
            bench = nil
            await server.stop()
        }

        /// As many as the component acknowledges, from stations that have four under way: how many a second.
        func capacity(seconds: Double) async throws -> Double {
            let start = ContinuousClock.now
            let before = flood.state.withLock { $0.acknowledged }
            while start.duration(to: .now) < .seconds(seconds) {
                let text = flood.reports(2..<(flood.stations + 1), window: 4)
                if !text.isEmpty { server.send(text) }
                try await Task.sleep(for: .milliseconds(2))
            }
            let count = flood.state.withLock { $0.acknowledged } - before
            return Double(count) / (start.duration(to: .now) / .seconds(1))
        }

        /// All stations, at a pace, for some time.
        func offer(_ perSecond: Double, seconds: Double) async throws {
            let start = ContinuousClock.now
            var count = 0
            var next = 1
            while true {
                let elapsed = start.duration(to: .now) / .seconds(1)
                guard elapsed < seconds else { return }
                look()
                guard Double(count) < elapsed * perSecond, server.isWritable else {
                    try await Task.sleep(for: .milliseconds(1))
                    continue
                }
                server.send(flood.reports(next..<(next + 20)))
                count += 20
                next = next + 20 > flood.stations ? 1 : next + 20
            }
        }

        func look() {
            mostMemory = max(mostMemory, residentKilobytes())
            mostWaiting = max(mostWaiting, inbox.waitingBytes)
        }

        /// How long one report takes until it is acknowledged, in seconds; nil if it is not within two.
        func latency(of station: Int) async throws -> Double? {
            let start = ContinuousClock.now
            let wanted = flood.state.withLock { max($0.sent[station], $0.last[station]) } + 1
            server.send(flood.reports(station..<(station + 1)))
            while start.duration(to: .now) < .seconds(2) {
                if flood.state.withLock({ $0.last[station] }) >= wanted { return start.duration(to: .now) / .seconds(1) }
                try await Task.sleep(for: .milliseconds(2))
            }
            flood.state.withLock { $0.sent[station] = $0.last[station] }
            return nil
        }

        func median(of station: Int) async throws -> Double {
            var all: [Double] = []
            for _ in 0..<3 { all.append(try await latency(of: station) ?? 2) }
            return all.sorted()[1]
        }
    }

    /// What came of six seconds of overload, in the midst of which a station was revoked.
    private struct Overload {
        /// Reports a second.
        let offered, taken: Double
        /// When the revocation was asked for, and answered.
        let asked: ContinuousClock.Instant
        let answered: ContinuousClock.Instant?
        /// The last report of the revoked station that was acknowledged within a second of that.
        let lastOfRevoked: Int
        let end: ContinuousClock.Instant
    }

    private func overload(_ run: Run, _ perSecond: Double) async throws -> Overload {
        let before = run.flood.state.withLock { ($0.offered, $0.acknowledged) }
        let start = ContinuousClock.now
        try await run.offer(perSecond, seconds: 3)
        let answered = Mutex<ContinuousClock.Instant?>(nil)
        let asked = ContinuousClock.now
        run.inbox.append(command: "station.revoke", try JSONDocument(#"{"serial":"WX-1"}"#)) { result in
            if case .success = result { answered.withLock { $0 = .now } }
        }
        try await run.offer(perSecond, seconds: 1)
        let lastOfRevoked = run.flood.state.withLock { $0.last[1] }
        try await run.offer(perSecond, seconds: 2)
        let end = ContinuousClock.now
        let seconds = start.duration(to: end) / .seconds(1)
        let after = run.flood.state.withLock { ($0.offered, $0.acknowledged) }
        return Overload(
            offered: Double(after.0 - before.0) / seconds, taken: Double(after.1 - before.1) / seconds, asked: asked,
            answered: answered.withLock { $0 }, lastOfRevoked: lastOfRevoked, end: end)
    }

    /// How long after the overload a report is acknowledged as fast as ever, in seconds; nil if it is not within five.
    private func recovery(_ run: Run, since end: ContinuousClock.Instant, usual: Double) async throws -> Double? {
        while end.duration(to: .now) < .seconds(5) {
            guard let latency = try await run.latency(of: 50) else { continue }
            if latency <= 2 * usual + 0.1 { return end.duration(to: .now) / .seconds(1) }
        }
        return nil
    }

    @Test("Refused before memory grows, nothing acknowledged is lost, a revocation in force within a second, normal within five")
    func tenfold() async throws {
        let run = try await Run(limits())
        let usual = try await run.median(of: 50)
        let capacity = try await run.capacity(seconds: 2)
        try #require(capacity > 10, "nothing is acknowledged")
        let memory = residentKilobytes()
        let overload = try await overload(run, capacity * 14)
        let possible = max(capacity, overload.taken)
        #expect(overload.offered >= 10 * possible, "\(overload.offered) a second offered, \(possible) possible")
        let normal = try await recovery(run, since: overload.end, usual: usual)
        #expect(normal != nil, "not normal within five seconds")
        run.server.send(run.flood.reports(1..<2))
        try await Task.sleep(for: .milliseconds(800))
        let state = run.flood.state.withLock { $0 }

        // In force: answered, the station's presence is not asked for any more, the server is told to end its sessions,
        // and nothing of it is taken.
        let told = state.unsubscribed["wx-1@stations.localhost"]
        let moments = [overload.answered, told].compactMap { $0 } + state.sessionsEnded
        #expect(moments.count == 4 && moments.allSatisfy { overload.asked.duration(to: $0) < .seconds(1) })
        #expect(state.last[1] == overload.lastOfRevoked && state.conditionOfFirst == "forbidden")

        let first = (state.refusedAt ?? .max / 2) - memory
        print(
            "overload over a socket: capacity \(Int(capacity)) a second, offered \(Int(overload.offered)),",
            "\(Int(overload.offered / possible)) times what can be taken; refused \(state.refused); revoked after",
            "\(moments.map { overload.asked.duration(to: $0) }.max() ?? .zero); normal \(normal ?? -1) s after the end, where a",
            "report takes \(usual) s; memory \(memory) KB, \(first) more at the first refusal, \(run.mostMemory - memory) more",
            "at most; \(run.mostWaiting) bytes waited at most")
        #expect(run.mostMemory - memory < Self.memoryLimit && first < Self.memoryLimit / 2)
        #expect(run.mostWaiting <= limits().inboxBytes)
        try await run.stop()
        try await check(state, run.path)
    }

    /// Every report that was acknowledged is in the store.
    private func check(_ state: LinkedFlood.State, _ path: String) async throws {
        // Its lock goes with the last that holds it.
        var opened = try? StationStore(path: path)
        for _ in 0..<300 where opened == nil {
            try await Task.sleep(for: .milliseconds(10))
            opened = try? StationStore(path: path)
        }
        let store = try #require(opened)
        var missing = 0
        var count = 0
        try store.transaction {
            for station in 1...Self.stations {
                for seq in 0..<state.last[station] {
                    count += 1
                    if try store.information.log.lookup(publisher: Int64(station), sequence: Int64(seq + 1)) == nil { missing += 1 }
                }
            }
        }
        try store.close()
        #expect(missing == 0 && count > 1000, "\(missing) of \(count)")
    }
}
