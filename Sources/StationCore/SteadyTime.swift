// SPDX-License-Identifier: Apache-2.0
import StationModel

/// The time that the core goes by: the wall clock, as long as that can be believed.
///
/// - It never goes back. While the clock is behind, it goes on a little more slowly until the clock has caught up.
/// - The clock was set forward by a day at most: it follows at once, as after a pause of the whole machine.
/// - The clock has leapt by more, either way: it goes on by the monotonic clock, as if nothing had happened. What would
///   expire could not be brought back, and a restart takes the new time.
struct SteadyTime {
    private(set) var now: Timestamp
    /// How far the clock is ahead of ``now`` after a leap that was not followed, in milliseconds; 0 without one.
    private(set) var leap: Int64 = 0
    /// Monotonic nanoseconds that ``now`` accounts for.
    private var ticks: Int64
    /// Milliseconds gone by while the clock was behind, of which a sixteenth may be held back.
    private var behind: Int64 = 0

    /// A longer leap is not believed.
    static let longestStep: Int64 = 86_400_000
    private static let slowness: Int64 = 16

    init(clock: Timestamp, ticks: Int64) {
        now = clock
        self.ticks = ticks
    }

    mutating func move(clock: Timestamp, ticks reading: Int64) {
        let elapsed = max(0, reading &- ticks) / 1_000_000
        ticks &+= elapsed &* 1_000_000
        let expected = now.milliseconds &+ elapsed
        let (ahead, isAbsurd) = clock.milliseconds.subtractingReportingOverflow(expected)
        leap = 0
        if isAbsurd || ahead > Self.longestStep || ahead < -Self.longestStep {
            leap = isAbsurd ? (clock.milliseconds < 0 ? .min : .max) : ahead
            now = Timestamp(milliseconds: expected)
        } else if ahead >= 0 {
            behind = 0
            now = clock
        } else {
            behind &+= elapsed
            let held = min(-ahead, behind / Self.slowness, elapsed)
            behind &-= held &* Self.slowness
            now = Timestamp(milliseconds: expected &- held)
        }
    }
}
