// SPDX-License-Identifier: Apache-2.0

/// Finds out whether a peer still reads. One that sends but does not read shows signs of life for ever, while all that
/// is meant for it waits.
///
/// It counts looks, not time, so that a machine that slept does not take its own absence for the peer's. A value.
public struct WriteWatch: Hashable, Sendable {
    /// A moment of the clock that goes on while the machine sleeps.
    public typealias Instant = ContinuousClock.Instant

    /// How many looks the limit is divided into.
    private static let looks = 10

    /// The time between two looks.
    public let interval: Duration
    private var position: Int?
    private var unchanged = 0
    private var lastLook: Instant?

    /// - Parameter limit: how long bytes may wait without a single one being taken.
    public init(limit: Duration = .seconds(30)) { interval = max(limit / Self.looks, .milliseconds(1)) }

    /// Whether the peer is to be given up. To be asked every ``interval``, or more often.
    ///
    /// - Parameter position: changes when bytes are taken; nil if none wait.
    public mutating func isStuck(at position: Int?, now: Instant) -> Bool {
        guard let position, position == self.position else {
            self.position = position
            unchanged = 0
            lastLook = now
            return false
        }
        if let lastLook, lastLook.duration(to: now) < interval { return false }
        lastLook = now
        unchanged += 1
        return unchanged >= Self.looks - 1
    }
}
