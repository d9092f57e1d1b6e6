// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Flow: what one sender may send")
struct FlowLimitTests {
    private static let second: Int64 = 1_000_000_000

    // MARK: - The bucket as a value

    @Test("A burst is let through to the last token; the next one is told, those after it are not")
    func burst() {
        var buckets = TokenBuckets(count: 1)
        let limit = TokenBuckets.Prepared(RateLimit(perSecond: 10, burst: 5))
        #expect((0..<5).map { _ in buckets.take(7, limit, now: 100) } == Array(repeating: .taken, count: 5))
        #expect((0..<3).map { _ in buckets.take(7, limit, now: 100) } == [.tell, .silent, .silent])
        #expect(buckets.take(7, limit, now: 100 + Self.second / 10 - 1) == .silent)
        #expect(buckets.take(7, limit, now: 100 + Self.second / 10) == .taken, "one token has come back")
        #expect(buckets.take(7, limit, now: 100 + Self.second / 10) == .silent, "and the sender still knows")
        #expect(buckets.take(8, limit, now: 100) == .taken, "another sender is not concerned")
    }

    @Test("Whose bucket is half full again is told anew")
    func recovery() {
        var buckets = TokenBuckets(count: 16)
        let limit = TokenBuckets.Prepared(RateLimit(perSecond: 10, burst: 10))
        for _ in 0..<10 { _ = buckets.take(7, limit, now: 0) }
        #expect(buckets.take(7, limit, now: 0) == .tell)
        #expect(buckets.take(7, limit, now: Self.second / 2) == .taken)
        for _ in 0..<4 { _ = buckets.take(7, limit, now: Self.second / 2) }
        #expect(buckets.take(7, limit, now: Self.second / 2) == .tell)
    }

    @Test("The pace is kept for as long as it is kept, whatever the clock says")
    func pace() {
        var buckets = TokenBuckets(count: 16)
        let limit = TokenBuckets.Prepared(RateLimit(perSecond: 1000, burst: 1))
        for step in 0..<100_000 { #expect(buckets.take(7, limit, now: Int64(step) * 1_000_000) == .taken) }
        // A clock that went back ten years leaves an empty bucket, not one that stays empty for ten years.
        let past: Int64 = -315_000_000 * Self.second
        #expect(buckets.take(7, limit, now: past) == .tell)
        #expect(buckets.take(7, limit, now: past + 1_000_000) == .taken)
        #expect(buckets.take(7, limit, now: .max - 1) == .taken)
    }

    @Test("A million senders take no more memory than one, and the busiest are not forgotten")
    func fixedSize() {
        var buckets = TokenBuckets(count: 1024)
        let before = buckets.memoryBytes
        #expect(before == 1024 * 16)
        let limit = TokenBuckets.Prepared(RateLimit(perSecond: 10, burst: 100))
        for _ in 0..<100 { _ = buckets.take(99 << 8, limit, now: 0) }
        #expect(buckets.take(99 << 8, limit, now: 0) == .tell)
        for sender in 0..<100_000 {
            _ = buckets.take(UInt64(truncatingIfNeeded: sender) &* 0x9E37_79B9_7F4A_7C15, limit, now: 0)
        }
        #expect(buckets.take(99 << 8, limit, now: 0) == .silent)
        #expect(buckets.memoryBytes == before)
    }

    @Test("What a sender may not send does not count for its domain; a domain's limit is told to each sender once")
    func domain() {
        var limits = TrafficLimits()
        limits.controlPerSender = RateLimit(perSecond: 1, burst: 3)
        limits.controlPerDomain = RateLimit(perSecond: 1, burst: 5)
        var meter = TrafficMeter(limits: limits)
        func take(_ sender: UInt64, _ domain: UInt64 = 500 << 8) -> TokenBuckets.Verdict {
            meter.take(.control, localHash: sender << 8, domainHash: domain, now: 0)
        }
        #expect((0..<10).map { _ in take(1) }.filter { $0 == .taken }.count == 3)
        #expect([take(2), take(2), take(2), take(2)] == [.taken, .taken, .tell, .silent])
        #expect([take(3), take(3)] == [.tell, .silent])
        #expect(take(3, 600 << 8) == .taken)
        #expect(meter.take(.report, localHash: 1 << 8, domainHash: 500 << 8, now: 0) == .taken, "another kind")
    }

    // MARK: - The component

    private func report(_ station: TestStation, _ seq: Int) throws -> String {
        "<iq type='set' id='r\(seq)' from='\(try station.jid)' to='\(TestBench.domain)'>"
            + "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{\"seq\":\(seq),\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":21.5}]}</json></report></iq>"
    }

    @Test("A station beyond its limit gets one resource-constraint, and goes on in order when its bucket has recovered")
    func loudStation() throws {
        let bench = try TestBench {
            $0.core.traffic.reportsPerSender = RateLimit(perSecond: 10, burst: 20)
        }
        let station = try TestStation(bench, "WX-1")
        let other = try TestStation(bench, "WX-2")
        try station.install()
        try other.install()
        _ = bench.sent()
        bench.receive(try (1...25).map { try report(station, $0) }.joined() + report(other, 1))
        let answers = bench.sent()
        #expect(answers.filter { $0["type"] == "result" }.count == 21)
        let refused = answers.filter { $0["type"] == "error" }
        #expect(refused.map { $0["id"] } == ["r21"])
        #expect(refused.map { TestStation.condition($0) } == ["resource-constraint"])
        bench.advance(seconds: 0.5)
        // What comes after the refused one waits for it, as after any refusal for overload.
        for (seq, answer) in [(22, "unexpected-request"), (21, "result"), (22, "result")] {
            bench.receive(try report(station, seq))
            #expect(bench.sent().map { TestStation.condition($0) ?? "result" } == [answer])
        }
    }

    @Test("Requests beyond the limit get one policy-violation; reports of the same sender do not suffer")
    func loudAsker() throws {
        let bench = try TestBench { $0.core.traffic.controlPerSender = RateLimit(perSecond: 1, burst: 30) }
        let station = try TestStation(bench, "WX-1")
        try station.install()
        bench.advance(seconds: 60)
        _ = bench.sent()
        let ping = "<iq type='get' id='p' from='\(try station.jid)' to='\(TestBench.domain)'><ping xmlns='urn:xmpp:ping'/></iq>"
        bench.receive(String(repeating: ping, count: 30))
        #expect(bench.sent().filter { $0["type"] == "result" }.count == 30)
        bench.receive(String(repeating: ping, count: 10))
        #expect(bench.sent().map { TestStation.condition($0) } == ["policy-violation"])
        bench.receive(try report(station, 1))
        #expect(bench.sent().map { $0["type"] } == ["result"])
        bench.advance(seconds: 1)
        bench.receive(ping + ping)
        #expect(bench.sent().map { $0["type"] } == ["result"])
    }

    @Test("Requests beyond the limit of a whole domain: each sender is told once, and another domain does not suffer")
    func loudDomain() throws {
        let bench = try TestBench { $0.core.traffic.controlPerDomain = RateLimit(perSecond: 1, burst: 25) }
        func ping(_ sender: String) -> String {
            "<iq type='get' id='p' from='\(sender)' to='\(TestBench.domain)'><ping xmlns='urn:xmpp:ping'/></iq>"
        }
        let crowd = (0..<40).map { ping("c\($0)@crowd.example/r") }.joined()
        bench.receive(crowd + crowd + ping("a@quiet.example/r"))
        let answers = bench.sent()
        #expect(answers.filter { $0["type"] == "result" }.count == 26)
        #expect(answers.last?["to"] == "a@quiet.example/r" && answers.last?["type"] == "result")
        let refused = answers.filter { $0["type"] == "error" }
        #expect(refused.allSatisfy { TestStation.condition($0) == "policy-violation" })
        #expect(refused.count == 40 && Set(refused.compactMap { $0["to"] }).count == 40, "each of the forty once")
    }

    @Test("A flood of subscriptions, to presence or to nodes, is refused once", arguments: [
        "<presence type='subscribe' from='loud@stations.localhost' to='devices.localhost'/>",
        "<iq type='set' id='s' from='loud@stations.localhost/r' to='devices.localhost'>"
            + "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='all' jid='loud@stations.localhost'/></pubsub></iq>",
    ])
    func subscriptions(request: String) throws {
        let bench = try TestBench { $0.core.traffic.controlPerSender = RateLimit(perSecond: 1, burst: 10) }
        bench.receive(String(repeating: request, count: 100))
        let conditions = bench.sent().compactMap { TestStation.condition($0) }
        #expect(conditions.filter { $0 == "policy-violation" }.count <= 1, "at most one word about it")
        #expect(conditions.count <= 11)
        bench.receive(String(repeating: request, count: 100))
        #expect(bench.sent().isEmpty)
    }

    @Test("What is addressed to another domain gets no answer, which would be from there and end the link")
    func foreignAddress() throws {
        let bench = try TestBench { $0.core.traffic.controlPerSender = RateLimit(perSecond: 1, burst: 1) }
        let ping = "<iq type='get' id='p' from='a@b/c' to='elsewhere.example'><ping xmlns='urn:xmpp:ping'/></iq>"
        bench.receive(ping + ping + ping)
        #expect(bench.sent().isEmpty)
    }
}
