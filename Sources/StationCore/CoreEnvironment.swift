// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Where the core gets the time from: the wall clock in service, a virtual clock in tests.
public protocol CoreClock: Sendable {
    func now() -> Timestamp
    /// Nanoseconds since some moment, for measuring how much time has gone by: unlike the time it does not jump. A clock
    /// that has nothing better takes the time.
    func ticks() -> Int64
}

extension CoreClock {
    public func ticks() -> Int64 { now().milliseconds &* 1_000_000 }
}

/// Where the core gets random bytes from: the operating system in service, a seed in tests.
public protocol CoreRandom: AnyObject {
    func bytes(_ count: Int) -> [UInt8]
}

/// Where slow work runs: a bounded pool in service, at once or when told in tests.
public protocol WorkPool: Sendable {
    func submit(_ work: @escaping @Sendable () -> Void)
}

/// The XMPP server as the core sees it: takes the bytes of whole stanzas.
public protocol StanzaOutlet: Sendable {
    /// False when the link is down or its queue is full. What was not taken is lost: whoever
    /// needs it asks again (transient effects), or its row is still there (durable ones).
    func deliver(_ stanzas: [UInt8]) -> Bool
    /// The same for this connection alone: false if there is another one by now. What was sent over the one before may be
    /// lost, and nothing that follows it may arrive without it.
    func deliver(_ stanzas: [UInt8], over generation: Int) -> Bool
    /// Bytes that were taken and not yet written to the server; 0 where nobody counts them.
    var pendingBytes: Int { get }
}

extension StanzaOutlet {
    public func deliver(_ stanzas: [UInt8], over generation: Int) -> Bool { deliver(stanzas) }
    public var pendingBytes: Int { 0 }
}

/// Limits of the core, in one place.
public struct CoreLimits: Sendable {
    /// The most requests that share one transaction.
    public var batchRequests = 4096
    /// Of these, how many may be control requests before data gets its turn.
    public var batchControl = 1024
    /// How long commands, control and timers may hold up a batch; what is left of them comes first in the next one. A
    /// client sees no pause of more than twice this and the disk's.
    public var batchMilliseconds: Int64 = 25
    /// The most bytes of stanzas that wait for the core before reports are refused (`resource-constraint`).
    public var inboxBytes = 64 * 1024 * 1024
    /// The most bytes of control stanzas that wait for the core, with the reads of the link that they keep in memory.
    public var controlBytes = 64 * 1024 * 1024
    /// The most bytes of commands of the operator that wait for the core.
    public var commandBytes = 32 * 1024 * 1024
    /// How many senders of refused reports are remembered one by one until the core has been told; beyond it, all
    /// stations are asked to go on without a leap.
    public var shedSenders = 65_536
    /// What one sender and one domain may send.
    public var traffic = TrafficLimits()
    /// Bytes of fan-out gathered before they are handed to the link.
    public var outputChunkBytes = 128 * 1024
    /// So many bytes that wait to be written make the link congested: feeds wait at their cursors and live deliveries in
    /// their buffer, so that the rest of the link's queue is left to answers.
    public var linkCongestedBytes = 64 * 1024 * 1024
    /// When no more than this waits, deliveries go on.
    public var linkRelievedBytes = 32 * 1024 * 1024
    /// IQ requests of ours that may be unanswered at once; beyond it the oldest is given up.
    public var pendingRequests = 300_000
    /// Slow work that may be under way at once; beyond it, the stanza that asks for more is refused.
    public var pendingWork = 10_000

    public init() {}
}
