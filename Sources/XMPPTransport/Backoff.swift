// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt to connect: it doubles from attempt to attempt, up to a limit,
/// and each wait is spread at random, so that a thousand stations do not knock at the same moment after a restart.
///
/// A value: it neither sleeps nor draws random bits itself.
public struct Backoff: Hashable, Sendable {
    /// The shortest wait.
    public let shortest: Duration
    /// The longest wait.
    public let longest: Duration
    /// Attempts since the last success; stops counting where the limit is reached anyway.
    public private(set) var attempts = 0

    /// - Parameters:
    ///   - shortest: the first wait at least; at least one millisecond.
    ///   - longest: no wait is longer; at least `shortest`.
    public init(shortest: Duration = .seconds(1), longest: Duration = .seconds(60)) {
        self.shortest = max(shortest, .milliseconds(1))
        self.longest = max(longest, self.shortest)
    }

    /// The wait before the next attempt: between half and all of the present ceiling, never below `shortest`.
    ///
    /// - Parameter random: 64 random bits.
    public mutating func next(random: UInt64) -> Duration {
        var ceiling = shortest * 2
        for _ in 0..<attempts where ceiling < longest { ceiling = ceiling * 2 }
        ceiling = min(ceiling, longest)
        if attempts < 64 { attempts += 1 }
        let half = max(shortest, ceiling / 2)
        let fraction = Double(random >> 11) / Double(UInt64(1) << 53)  // 0 ..< 1
        return half + (ceiling - half) * fraction
    }

    /// Call after a connection that worked: the next wait is short again.
    public mutating func reset() { attempts = 0 }
}
