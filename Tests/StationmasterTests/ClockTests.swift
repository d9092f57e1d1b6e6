// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationTesting
import Testing

@Suite("Clocks that are set")
struct ClockTests {
    static let hour: Int64 = 3_600_000
    static let tenYears: Int64 = 10 * 365 * 24 * hour

    enum Trouble: CaseIterable { case none, tenYearsForward, tenYearsBack, aSecondBack, stuck }

    /// A hundred durable timers, due in one hour; whatever the clock does, they fire then, and each once.
    @Test("Durable timers and alarms are neither early nor late, and there is no storm", arguments: Trouble.allCases)
    func timers(_ trouble: Trouble) throws {
        let notes = Notes()
        let bench = try CoreBench { core in
            core.command("set") { _, context in
                for number in 0..<100 {
                    context.schedule("t", key: "\(number)", due: context.now.adding(milliseconds: Self.hour))
                }
                context.later(milliseconds: 1000) { _ in notes.add("alarm") }
                return .null
            }
            core.timer("t") { key, _ in notes.add(key) }
        }
        try bench.process(CoreBench.command("set"))
        switch trouble {
        case .none, .stuck: break
        case .tenYearsForward: bench.clock.leap(milliseconds: Self.tenYears)
        case .tenYearsBack: bench.clock.leap(milliseconds: -Self.tenYears)
        case .aSecondBack: bench.clock.leap(milliseconds: -1000)
        }
        let move: (VirtualClock, Int64) -> Void = { clock, milliseconds in
            trouble == .stuck ? clock.advanceStuck(milliseconds: milliseconds) : clock.advance(milliseconds: milliseconds)
        }
        try bench.pass(milliseconds: 999, move)
        #expect(notes.all.isEmpty)
        try bench.pass(milliseconds: 1, move)
        #expect(notes.all == ["alarm"])
        try bench.pass(milliseconds: Self.hour - 1100, move)
        #expect(notes.all == ["alarm"])
        // A clock that is behind is waited for, a sixteenth of the time at most.
        let isBehind = trouble == .aSecondBack || trouble == .stuck
        try bench.pass(milliseconds: 100 + (isBehind ? Self.hour / 15 : 0), move)
        #expect(notes.all.count == 101)
        try bench.pass(milliseconds: 2 * Self.hour, move)
        #expect(notes.all.count == 101)
        #expect(bench.batches < 40, "\(bench.batches) batches")
        #expect(bench.core.nextWake == nil)
    }

    @Test("The time never goes back, follows a step of a day, and does not follow a leap until the clock is right again")
    func steady() throws {
        let seen = Notes()
        let bench = try CoreBench { core in
            core.command("now") { _, context in
                seen.add("\(context.now.milliseconds) \(context.clockLeapMilliseconds)")
                return .null
            }
        }
        let start = bench.clock.now().milliseconds
        func now(after milliseconds: Int64, leap: Int64 = 0) throws -> [Int64] {
            bench.clock.leap(milliseconds: leap)
            bench.clock.advance(milliseconds: milliseconds)
            try bench.process(CoreBench.command("now"))
            return (seen.all.last ?? "").split(separator: " ").compactMap { Int64($0) }
        }
        #expect(try now(after: 1000) == [start + 1000, 0])
        #expect(try now(after: 0, leap: -500) == [start + 1000, 0])
        #expect(try now(after: 1600) == [start + 2500, 0])
        #expect(try now(after: 6400) == [start + 8500, 0], "the clock has caught up")
        #expect(try now(after: 1000, leap: 24 * Self.hour) == [start + 9500 + 24 * Self.hour, 0])
        #expect(try now(after: 1000, leap: Self.tenYears) == [start + 10_500 + 24 * Self.hour, Self.tenYears])
        #expect(try now(after: 1000, leap: -Self.tenYears) == [start + 11_500 + 24 * Self.hour, 0])
        #expect(try now(after: 1000, leap: -Self.tenYears) == [start + 12_500 + 24 * Self.hour, -Self.tenYears])
    }
}
