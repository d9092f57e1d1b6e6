// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOPosix
import StationCore
import StationDigest
import StationModel
import Synchronization

/// The wall clock.
public struct WallClock: CoreClock {
    public init() {}
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    public func ticks() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// Random bytes of the operating system.
public final class SystemRandom: CoreRandom {
    public init() {}
    /// Without random bytes nothing can be made safely, so a failure of the source ends the process.
    public func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<max(0, count)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// Slow work on a few threads of its own. What is submitted before the threads have started waits for them: the store asks
/// for work while it is being opened, and threads that have not started cancel what they get.
final class ThreadedPool: WorkPool {
    private let threads: NIOThreadPool
    /// Nil once the threads run.
    private let early = Mutex<[@Sendable () -> Void]?>([])

    init(threads: NIOThreadPool) { self.threads = threads }

    func submit(_ work: @escaping @Sendable () -> Void) {
        let waits = early.withLock { early in
            early?.append(work)
            return early != nil
        }
        if !waits { hand(work) }
    }

    func start() {
        threads.start()
        let works = early.withLock { early in
            defer { early = nil }
            return early ?? []
        }
        works.forEach(hand)
    }

    private func hand(_ work: @escaping @Sendable () -> Void) {
        threads.submit { state in
            if case .active = state { work() }
        }
    }
}
