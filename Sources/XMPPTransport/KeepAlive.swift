// SPDX-License-Identifier: Apache-2.0

/// Finds out whether a silent peer is still there: asks after `interval` without a byte, gives up after `limit`.
/// Nobody is given up without having been asked: when it was us who slept (a busy process, a suspended machine, a clock
/// that jumped), the peer still gets its time to answer.
///
/// TCP alone does not notice a peer that was cut off for many minutes, and neither Prosody nor ejabberd
/// ask by themselves as delivered. A value: the clock is handed in, the caller sends the ping.
public struct KeepAlive: Hashable, Sendable {
    /// A moment of the clock that goes on while the machine sleeps.
    public typealias Instant = ContinuousClock.Instant

    /// What to do now.
    public enum Action: Hashable, Sendable {
        /// Look again at this moment.
        case wait(until: Instant)
        /// Ask the peer for a sign of life, then look again at this moment.
        case ping(thenWaitUntil: Instant)
        /// The peer has been silent for the whole limit: the link is dead.
        case dead
    }

    /// Silence after which the peer is asked.
    public let interval: Duration
    /// Silence after which the link is given up.
    public let limit: Duration
    private var heard: Instant
    /// When to give up, once the peer was asked.
    private var deadline: Instant?

    /// - Parameters:
    ///   - interval: silence before a ping; at least one millisecond.
    ///   - limit: silence before giving up; longer than `interval`, or twice the interval is taken.
    public init(interval: Duration = .seconds(15), limit: Duration = .seconds(30), now: Instant) {
        self.interval = max(interval, .milliseconds(1))
        self.limit = limit > self.interval ? limit : self.interval * 2
        self.heard = now
    }

    /// Bytes came in, whatever they were.
    public mutating func received(at now: Instant) {
        heard = max(heard, now)
        deadline = nil
    }

    /// What the silence until now calls for. A clock that jumps back is no silence.
    public mutating func check(at now: Instant) -> Action {
        if let deadline { return now >= deadline ? .dead : .wait(until: deadline) }
        if heard.duration(to: now) < interval { return .wait(until: heard.advanced(by: interval)) }
        let end = max(heard.advanced(by: limit), now.advanced(by: limit - interval))
        deadline = end
        return .ping(thenWaitUntil: end)
    }
}
