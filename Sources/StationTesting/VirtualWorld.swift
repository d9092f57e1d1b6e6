// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import Synchronization
import Stationmaster

/// A clock that stands still until a test moves it.
public final class VirtualClock: CoreClock {
    private let time: Mutex<Int64>

    /// Begins at 2026-01-01T00:00:00Z unless told otherwise.
    public init(milliseconds: Int64 = 1_767_225_600_000) { time = Mutex(milliseconds) }

    public func now() -> Timestamp { Timestamp(milliseconds: time.withLock { $0 }) }

    /// Moves the clock on.
    public func advance(milliseconds: Int64) { time.withLock { $0 &+= milliseconds } }

    /// Sets the clock to a time since 1970.
    public func set(milliseconds: Int64) { time.withLock { $0 = milliseconds } }
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
    private let state = Mutex<(up: Bool, bytes: [UInt8])>((true, []))

    public init() {}

    public var isReady: Bool { state.withLock { $0.up } }

    public func deliver(_ stanzas: [UInt8]) -> Bool {
        state.withLock { state in
            if state.up { state.bytes += stanzas }
            return state.up
        }
    }

    /// Plugs the link in or out.
    public func set(up: Bool) { state.withLock { $0.up = up } }

    /// What has been sent since the last call.
    public func take() -> [UInt8] {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }
}
