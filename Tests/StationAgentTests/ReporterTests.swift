// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StationAgent

@Suite struct ReporterTests {
    private func online(_ window: Int = 4) -> Reporter {
        var reporter = Reporter(window: window)
        reporter.online(from: 1)
        return reporter
    }

    /// Everything from 1 to `last` waits, except what is listed.
    private func waiting(_ last: Int64, except gone: Set<Int64> = []) -> (Int64) -> Int64? {
        { from in (max(1, from)...max(last, from)).first { $0 <= last && !gone.contains($0) } }
    }

    @Test func `nothing is sent off line`() {
        var reporter = Reporter(window: 4)
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [])
    }

    @Test func `at most a window is on its way, in the order of the numbers`() {
        var reporter = online()
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [1, 2, 3, 4])
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [])
        #expect(reporter.answered(2, .acknowledged, now: 1, jitter: 0) == [.acknowledge(2)])
        #expect(reporter.send(now: 1, waiting: waiting(9)) == [5])
    }

    @Test func `after an overload it waits for all answers, goes back, and opens slowly`() {
        var reporter = online()
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [1, 2, 3, 4])
        #expect(reporter.answered(1, .acknowledged, now: 1, jitter: 0) == [.acknowledge(1)])
        #expect(reporter.answered(2, .busy, now: 1, jitter: 0) == [])
        #expect(reporter.answered(3, .expected(2), now: 1, jitter: 0) == [.wanted(2)])
        #expect(reporter.send(now: 100_000, waiting: waiting(9, except: [1])) == [], "4 is still on its way")
        #expect(reporter.answered(4, .expected(2), now: 2, jitter: 0) == [.wanted(2)])
        #expect(reporter.send(now: 400, waiting: waiting(9, except: [1])) == [], "the pause is not over")
        #expect(reporter.wake(now: 400) == 501)
        #expect(reporter.send(now: 501, waiting: waiting(9, except: [1])) == [2])
        #expect(reporter.answered(2, .acknowledged, now: 502, jitter: 0) == [.acknowledge(2)])
        #expect(reporter.send(now: 502, waiting: waiting(9, except: [1, 2])) == [3, 4])
    }

    @Test func `pauses double up to their limit and are short again after a success`() {
        var reporter = online(1)
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<9 {
            #expect(reporter.send(now: now, waiting: waiting(1)) == [1])
            _ = reporter.answered(1, .busy, now: now, jitter: 1)
            pauses.append(reporter.pausedUntil - now)
            now = reporter.pausedUntil
        }
        #expect(pauses == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000])
        #expect(reporter.send(now: now, waiting: waiting(1)) == [1])
        _ = reporter.answered(1, .acknowledged, now: now, jitter: 1)
        #expect(reporter.send(now: now, waiting: waiting(2, except: [1])) == [2])
        _ = reporter.answered(2, .busy, now: now, jitter: 1)
        #expect(reporter.pausedUntil - now == 1000)
    }

    @Test func `a lost answer means sending again, and a late one is still good`() {
        var reporter = online(1)
        #expect(reporter.send(now: 0, waiting: waiting(1)) == [1])
        _ = reporter.answered(1, .lost, now: 0, jitter: 0)
        #expect(reporter.answered(1, .acknowledged, now: 1, jitter: 0) == [.acknowledge(1)])
    }

    @Test func `after a new login everything that waits is sent again`() {
        var reporter = online()
        _ = reporter.send(now: 0, waiting: waiting(9))
        reporter.offline()
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [])
        reporter.online(from: 1)
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [1, 2, 3, 4])
    }

    @Test func `refusals for good do not stop the queue`() {
        var reporter = online(2)
        #expect(reporter.send(now: 0, waiting: waiting(9)) == [1, 2])
        #expect(reporter.answered(1, .unacceptable, now: 0, jitter: 0) == [.discard(1)])
        #expect(reporter.answered(2, .conflict, now: 0, jitter: 0) == [.renumber(2)])
        #expect(reporter.send(now: 0, waiting: waiting(9, except: [1, 2])) == [3, 4])
    }

    @Test func `a station that is not on line introduces itself once, however many reports say so`() {
        var reporter = online()
        _ = reporter.send(now: 0, waiting: waiting(9))
        #expect(reporter.answered(1, .notOnline, now: 0, jitter: 0) == [.introduceAgain])
        #expect(reporter.answered(2, .notOnline, now: 0, jitter: 0) == [])
        #expect(reporter.answered(3, .acknowledged, now: 0, jitter: 0) == [.acknowledge(3)])
    }

    /// Under any answers, in any order: never more than a window, never a number twice at once, and in the end,
    /// when the component is kind again, everything is delivered.
    @Test(arguments: 0..<200) func `random answers never wedge it`(seed: UInt64) {
        var random = SmoothNoise.mix(seed)
        func draw(_ n: UInt64) -> UInt64 {
            random = SmoothNoise.mix(random)
            return random % n
        }
        var reporter = online(8)
        var gone: Set<Int64> = []
        var flying: [Int64] = []
        var now: Int64 = 0
        for step in 0..<2000 {
            now += Int64(draw(2000))
            let sent = reporter.send(now: now, waiting: waiting(40, except: gone))
            #expect(Set(sent).isDisjoint(with: flying))
            flying += sent
            #expect(flying.count <= 8)
            guard !flying.isEmpty else { continue }
            let number = flying.remove(at: Int(draw(UInt64(flying.count))))
            let kind = step > 1000 ? 0 : draw(6)
            let answer: Reporter.Answer =
                switch kind {
                case 1: .busy
                case 2: .expected(Int64(draw(41)))
                case 3: .lost
                case 4 where draw(10) == 0: .unacceptable
                default: .acknowledged
                }
            for action in reporter.answered(number, answer, now: now, jitter: 0.5) {
                switch action {
                case .acknowledge(let number), .discard(let number): gone.insert(number)
                default: break
                }
            }
        }
        #expect(gone.count == 40, "seed \(seed)")
    }
}
