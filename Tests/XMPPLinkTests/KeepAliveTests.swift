// SPDX-License-Identifier: Apache-2.0
import Testing
import XMPPTransport

@Suite("Noticing a dead link, with a virtual clock")
struct KeepAliveTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test("A silent link is pinged after 15 s and dead after 30 s")
    func silence() {
        var link = KeepAlive(interval: .seconds(15), limit: .seconds(30), now: start)
        #expect(link.check(at: at(0)) == .wait(until: at(15)))
        #expect(link.check(at: at(14)) == .wait(until: at(15)))
        #expect(link.check(at: at(15)) == .ping(thenWaitUntil: at(30)))
        #expect(link.check(at: at(20)) == .wait(until: at(30)))
        #expect(link.check(at: at(29)) == .wait(until: at(30)))
        #expect(link.check(at: at(30)) == .dead)
    }

    @Test("Any byte is a sign of life")
    func life() {
        var link = KeepAlive(interval: .seconds(15), limit: .seconds(30), now: start)
        #expect(link.check(at: at(15)) == .ping(thenWaitUntil: at(30)))
        link.received(at: at(29))
        #expect(link.check(at: at(30)) == .wait(until: at(44)))
        #expect(link.check(at: at(44)) == .ping(thenWaitUntil: at(59)))
        #expect(link.check(at: at(59)) == .dead)
    }

    @Test("A clock that jumps back is neither silence nor life")
    func clockJumps() {
        var link = KeepAlive(interval: .seconds(15), limit: .seconds(30), now: at(100))
        link.received(at: at(10))
        #expect(link.check(at: at(50)) == .wait(until: at(115)))
        // We slept through the time to ask: the peer is asked now, and has its time to answer.
        #expect(link.check(at: at(130)) == .ping(thenWaitUntil: at(145)))
        #expect(link.check(at: at(144)) == .wait(until: at(145)))
        #expect(link.check(at: at(145)) == .dead)
    }

    @Test("A peer that takes nothing is given up within 30 s, one that takes a byte is not")
    func writing() {
        var watch = WriteWatch(limit: .seconds(30))
        #expect(watch.interval == .seconds(3))
        for second in 0...300 { #expect(watch.isStuck(at: nil, now: at(second)) == false, "nothing waits") }
        for second in 301...600 { #expect(watch.isStuck(at: second / 20, now: at(second)) == false, "second \(second)") }
        for second in 601...626 { #expect(watch.isStuck(at: 99, now: at(second)) == false, "second \(second)") }
        let last = (627...630).filter { watch.isStuck(at: 99, now: at($0)) }
        #expect(!last.isEmpty)
    }

    @Test("A machine that slept does not blame the peer for it")
    func writingAsleep() {
        var watch = WriteWatch(limit: .seconds(30))
        #expect(watch.isStuck(at: 1, now: at(0)) == false)
        #expect(watch.isStuck(at: 1, now: at(3600)) == false)
        #expect(watch.isStuck(at: 1, now: at(3603)) == false)
    }

    @Test("A limit that is not longer than the interval becomes twice the interval")
    func nonsense() {
        #expect(KeepAlive(interval: .seconds(15), limit: .seconds(15), now: start).limit == .seconds(30))
    }
}
