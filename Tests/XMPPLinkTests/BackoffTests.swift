// SPDX-License-Identifier: Apache-2.0
import Testing
import XMPPTransport

@testable import XMPPComponent

@Suite("Waits between attempts to connect")
struct BackoffTests {
    @Test("Only a link that has worked for a while starts anew; one that another instance drove out does not")
    func worked() {
        func end(_ code: ComponentError.Code, _ readyFor: Duration?) -> ComponentConnection.End {
            .init(error: ComponentError(code, ""), readyFor: readyFor, isUnderstood: true)
        }
        #expect(end(.closed, .seconds(10)).hasWorked(for: .seconds(10)))
        #expect(!end(.closed, .seconds(9)).hasWorked(for: .seconds(10)))
        #expect(!end(.closed, nil).hasWorked(for: .zero))
        #expect(!end(.conflict, .seconds(100)).hasWorked(for: .seconds(10)))
    }

    @Test(
        "Every wait is at least the shortest and at most the longest", arguments: [UInt64.min, .max, 1 << 63, 12_345])
    func bounds(random: UInt64) {
        var backoff = Backoff(shortest: .seconds(1), longest: .seconds(60))
        for _ in 0..<200 {
            let wait = backoff.next(random: random)
            #expect(wait >= .seconds(1))
            #expect(wait <= .seconds(60))
        }
    }

    @Test("The waits grow up to the limit, and are short again after a success")
    func growth() {
        var backoff = Backoff(shortest: .seconds(1), longest: .seconds(60))
        let waits = (0..<8).map { _ in backoff.next(random: .max) }
        for (earlier, later) in zip(waits, waits.dropFirst()) { #expect(earlier <= later) }
        #expect(waits[0] <= .seconds(2))
        #expect(waits[7] > .seconds(59))
        backoff.reset()
        #expect(backoff.next(random: .max) <= .seconds(2))
    }

    @Test("The same attempt waits differently for different random bits")
    func jitter() {
        func third(_ random: UInt64) -> Duration {
            var backoff = Backoff()
            _ = backoff.next(random: random)
            _ = backoff.next(random: random)
            return backoff.next(random: random)
        }
        let spread = third(.max) - third(.min)
        #expect(spread > .seconds(3))
        #expect(third(.min) >= .seconds(4))
    }

    @Test("Nonsensical bounds are put right")
    func nonsense() {
        var backoff = Backoff(shortest: .seconds(-5), longest: .seconds(-9))
        #expect(backoff.next(random: .max) == .milliseconds(1))
    }
}
