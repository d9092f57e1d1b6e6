// SPDX-License-Identifier: Apache-2.0
import StationTesting
import Testing
import XMPPCore

@Suite("Presence of stations")
struct PresenceTests {
    private func isOnline(_ bench: TestBench) throws -> Bool? {
        try bench.command("station.show", ["serial": "WX-1"])["online"]?.bool
    }

    /// What Prosody 0.12 answers to the request at introduction, before the station itself has answered it.
    @Test func `a subscription request that is acknowledged with unavailable leaves the station online`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        let bare = try station.jid.bare
        #expect(try isOnline(bench) == true)
        bench.receive("<presence type='unavailable' from='\(bare)' to='\(TestBench.domain)'/>")
        #expect(try isOnline(bench) == true)
        bench.receive("<presence type='subscribed' from='\(bare)' to='\(TestBench.domain)'/>")
        #expect(try isOnline(bench) == true)
    }

    @Test func `presence that was lost in a flood is asked for once it is over`() throws {
        let bench = try TestBench { $0.core.controlBytes = 16_384 }
        let station = try TestStation(bench, "WX-1")
        try station.install()
        try station.logOut()
        let flood = (1...40).map { "<presence from='p\($0)@stranger.example/x' to='\(TestBench.domain)'/>" }.joined()
        bench.receive(flood + "<presence from='\(try station.jid)' to='\(TestBench.domain)'/>")
        _ = bench.sent()
        #expect(try isOnline(bench) == false)
        bench.advance(seconds: 11)
        let probes = bench.sent().filter { $0["type"] == "probe" }
        #expect(probes.map { $0["to"] } == [try station.jid.bare.description])
        bench.receive("<presence from='\(try station.jid)' to='\(TestBench.domain)'/>")
        #expect(try isOnline(bench) == true)
        bench.advance(seconds: 60)
        #expect(!bench.sent().contains { $0["type"] == "probe" }, "once")
    }

    @Test func `once subscribed, unavailable from the bare address takes the station offline`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        let bare = try station.jid.bare
        bench.receive("<presence type='subscribed' from='\(bare)' to='\(TestBench.domain)'/>")
        bench.receive("<presence type='unavailable' from='\(bare)' to='\(TestBench.domain)'/>")
        #expect(try isOnline(bench) == false)
    }

    @Test func `unavailable from the resource that introduced itself counts before the subscription too`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        try station.logOut()
        #expect(try isOnline(bench) == false)
    }
}
