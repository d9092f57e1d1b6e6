// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import Synchronization
import Stationmaster

/// A clock that stands still until a test moves it. It has both times: that of day, and the monotonic one.
public final class VirtualClock: CoreClock {
    private let time: Mutex<(wall: Int64, ticks: Int64)>

    /// Begins at 2026-01-01T00:00:00Z unless told otherwise.
    public init(milliseconds: Int64 = 1_767_225_600_000) { time = Mutex((milliseconds, 3_600_000_000_000)) }

    public func now() -> Timestamp { Timestamp(milliseconds: time.withLock { $0.wall }) }

    public func ticks() -> Int64 { time.withLock { $0.ticks } }

    /// Time goes by.
    public func advance(milliseconds: Int64) { pass(nanoseconds: milliseconds &* 1_000_000) { $0 &+= milliseconds } }

    /// Time goes by until it is so late; it does not go back.
    public func set(milliseconds: Int64) { advance(milliseconds: max(0, milliseconds &- now().milliseconds)) }

    /// Somebody sets the time of day, while no time goes by.
    public func leap(milliseconds: Int64) { pass(nanoseconds: 0) { $0 &+= milliseconds } }

    /// Time goes by, and the time of day is stuck.
    public func advanceStuck(milliseconds: Int64) { pass(nanoseconds: milliseconds &* 1_000_000) { _ in } }

    private func pass(nanoseconds: Int64, _ move: (inout Int64) -> Void) {
        time.withLock { time in
            time.ticks &+= nanoseconds
            move(&time.wall)
        }
    }
}

/// Random numbers from a seed (SplitMix64): the same seed gives the same run.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The core's random bytes, from a seed.
public final class SeededRandom: CoreRandom {
    private var generator: SeededGenerator

    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    public func bytes(_ count: Int) -> [UInt8] {
        (0..<max(0, count)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
}

/// Slow work that is done when the test says so, in the order in which it came.
public final class ManualPool: WorkPool {
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    public init() {}

    public func submit(_ work: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(work) } }

    /// Does what has gathered; false if there was nothing.
    public func runAll() -> Bool {
        let works = waiting.withLock { works in
            defer { works = [] }
            return works
        }
        for work in works { work() }
        return !works.isEmpty
    }
}

/// The server's end of the link: keeps what the component sends.
public final class MemoryOutlet: ComponentOutlet {
    private struct State {
        var isUp = true
        var bytes: [UInt8] = []
        var generation = 0
        var bounceAfter: Int?
    }
    private let state = Mutex(State())

    public init() {}

    public var isReady: Bool { state.withLock { $0.isUp } }
    /// The number of the present connection.
    public var generation: Int { state.withLock { $0.generation } }

    public func deliver(_ stanzas: [UInt8]) -> Bool { state.withLock { Self.take(stanzas, &$0) } }

    public func deliver(_ stanzas: [UInt8], over generation: Int) -> Bool {
        state.withLock { state in
            if let left = state.bounceAfter {
                state.bounceAfter = left > 0 ? left - 1 : nil
                if left == 0 {
                    state.bytes = []
                    state.generation += 1
                }
            }
            return generation == state.generation && Self.take(stanzas, &state)
        }
    }

    private static func take(_ stanzas: [UInt8], _ state: inout State) -> Bool {
        if state.isUp { state.bytes += stanzas }
        return state.isUp
    }

    /// Whether the present connection takes anything.
    public func set(up: Bool) { state.withLock { $0.isUp = up } }

    /// A new connection.
    public func connect() {
        state.withLock { state in
            state.generation += 1
            state.isUp = true
        }
    }

    /// The connection breaks after so many chunks of the core, with all that was not taken from it, and is there anew at
    /// once: before the core can have heard of either.
    public func bounce(afterChunks count: Int) { state.withLock { $0.bounceAfter = count } }

    /// What has been sent since the last call.
    public func take() -> [UInt8] {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }
}
