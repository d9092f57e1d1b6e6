// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StationAgent

@Suite struct SignalTests {
    @Test func `a raise before the wait counts, and counts once`() async {
        let signal = Signal()
        signal.raise()
        signal.raise()
        let clock = ContinuousClock()
        let begun = clock.now
        await signal.wait(for: nil)
        await signal.wait(for: .milliseconds(50))
        #expect(clock.now - begun >= .milliseconds(50))
    }

    @Test func `it works on after timed waits and after a cancelled one`() async {
        let signal = Signal()
        for _ in 0..<3 { await signal.wait(for: .milliseconds(5)) }
        let waiting = Task { await signal.wait(for: nil) }
        waiting.cancel()
        await waiting.value
        let woken = Task { await signal.wait(for: nil) }
        signal.raise()
        await woken.value
    }
}
