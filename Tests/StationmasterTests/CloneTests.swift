// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Clones: one identity, two stations")
struct CloneTests {
    private struct Play {
        let bench: TestBench
        let station: TestStation
        let old = "wx-1@stations.localhost/agent"
        let new = "wx-1@stations.localhost/other"

        init() throws {
            bench = try TestBench()
            station = try TestStation(bench, "WX-1")
            try station.install()
            _ = bench.sent()
        }

        /// Another session of the same account introduces itself.
        func logInAgain() throws {
            let request = Introduce(serial: station.serial, firmware: .init(version: "1.0", sequence: 1))
            var stanza = OutgoingStanza.iq(
                "set", id: "second", from: try JID(new), to: try JID(TestBench.domain), request.element)
            stanza.encoding = station.encoding
            var writer = XMLWriter(defaultNamespace: Namespaces.component)
            stanza.write(into: &writer)
            bench.receive(writer.take())
        }

        /// Answers the pings that the old session has been sent; how many there were.
        func answerPings(_ error: StanzaError.Condition? = nil) -> Int {
            let pings = bench.sent().filter { $0.firstChild(Ping.payload) != nil && $0["to"] == old }
            for ping in pings {
                let type = error == nil ? "result" : "error"
                bench.receive(
                    "<iq type='\(type)' id='\(ping["id"] ?? "")' from='\(old)' to='\(TestBench.domain)'>"
                        + (error.map { StanzaError($0).element.description } ?? "") + "</iq>")
            }
            return pings.count
        }

        func state() throws -> String? { try bench.command("station.show", ["serial": "WX-1"])["state"]?.string }

        func alarms() throws -> [String] {
            try bench.command("log")["entries"]?.items.filter { $0["action"]?.string == "alarm" }
                .compactMap { $0["detail"]?.string } ?? []
        }
    }

    @Test(arguments: [nil, StanzaError.Condition.featureNotImplemented])
    func `of two sessions that both live, neither is believed any more`(answer: StanzaError.Condition?) throws {
        let play = try Play()
        try play.logInAgain()
        #expect(play.answerPings(answer) == 1)
        #expect(try play.state() == "installed")
        play.bench.advance(seconds: 4)
        #expect(play.answerPings(answer) == 1)
        #expect(try play.state() == "suspended")
        #expect(TestStation.condition(try play.station.report()) == "forbidden")
        #expect(TestStation.condition(try play.station.logIn()) == "forbidden")
        #expect(TestStation.condition(try play.station.introduce()) == "forbidden")
        #expect(try play.alarms().contains { $0.contains("two sessions at once") && $0.contains(play.old) && $0.contains(play.new) })
    }

    @Test(arguments: [StanzaError.Condition.serviceUnavailable, .recipientUnavailable])
    func `a station that is back after a broken link is no clone of itself`(answer: StanzaError.Condition) throws {
        let play = try Play()
        try play.logInAgain()
        #expect(play.answerPings(answer) == 1)
        play.bench.advance(seconds: 60)
        #expect(play.answerPings() == 0)
        #expect(try play.state() == "installed")
        #expect(TestStation.condition(try play.station.report(from: JID(play.new))) == nil)
    }

    @Test func `an old session that is silent, or answers once and then ends, is none either`() throws {
        let play = try Play()
        try play.logInAgain()
        play.bench.advance(seconds: 30)
        #expect(try play.state() == "installed")
        let second = try Play()
        try second.logInAgain()
        #expect(second.answerPings() == 1)
        second.bench.advance(seconds: 4)
        #expect(second.answerPings(.serviceUnavailable) == 1)
        #expect(try second.state() == "installed")
    }

    @Test func `presence of a second session is enough to ask the first, once`() throws {
        let play = try Play()
        for _ in 0..<3 { play.bench.receive("<presence from='\(play.new)' to='\(TestBench.domain)'/>") }
        #expect(play.answerPings() == 1)
        play.bench.advance(seconds: 4)
        #expect(play.answerPings() == 1)
        #expect(try play.state() == "suspended")
    }

    @Test func `one fork is an alarm, a second within an hour suspends, and a release lets it report again`() throws {
        let play = try Play()
        _ = try play.station.report(temperature: 1, seq: 1)
        #expect(TestStation.condition(try play.station.report(temperature: 2, seq: 1)) == "conflict")
        #expect(try play.alarms().count == 1)
        #expect(TestStation.condition(try play.station.report(seq: 2)) == nil)
        play.bench.advance(seconds: 120)
        #expect(TestStation.condition(try play.station.report(temperature: 3, seq: 1)) == "conflict")
        #expect(try play.state() == "suspended")
        #expect(TestStation.condition(try play.station.report(seq: 3)) == "forbidden")
        _ = try play.bench.command("station.release", ["serial": "WX-1"])
        #expect(try play.state() == "installed")
        #expect(TestStation.condition(try play.station.report(seq: 3)) == nil)
        #expect(TestStation.condition(try play.station.logIn()) == nil)
        #expect(throws: (any Error).self) { try play.bench.command("station.release", ["serial": "WX-1"]) }
        play.bench.advance(seconds: 120)
        _ = try play.station.report(temperature: 4, seq: 1)
        #expect(try play.state() == "installed", "what was before the release counts no more")
    }

    @Test func `a suspension survives a restart, and a station far apart in its forks is only alarmed about`() throws {
        let play = try Play()
        _ = try play.station.report(temperature: 1, seq: 1)
        for _ in 0..<3 {
            _ = try play.station.report(temperature: 2, seq: 1)
            play.bench.advance(seconds: 3700)
        }
        #expect(try play.state() == "installed")
        _ = try play.station.report(temperature: 2, seq: 1)
        play.bench.advance(seconds: 61)
        _ = try play.station.report(temperature: 2, seq: 1)
        try play.bench.restart()
        #expect(try play.state() == "suspended")
        #expect(TestStation.condition(try play.station.report(seq: 2)) == "forbidden")
    }

    @Test func `a suspended station can be revoked`() throws {
        let play = try Play()
        try play.logInAgain()
        _ = play.answerPings()
        play.bench.advance(seconds: 4)
        _ = play.answerPings()
        _ = try play.bench.command("station.revoke", ["serial": "WX-1"])
        #expect(try play.state() == "revoked")
    }
}
