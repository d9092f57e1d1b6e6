// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Where the core gets the time from: the wall clock in service, a virtual clock in tests.
public protocol CoreClock: Sendable {
    func now() -> Timestamp
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
}

/// Limits of the core, in one place.
public struct CoreLimits: Sendable {
    /// The most requests that share one transaction.
    public var batchRequests = 4096
    /// Of these, how many may be control requests before data gets its turn.
    public var batchControl = 1024
    /// The most bytes of stanzas that wait for the core before reports are refused (`resource-constraint`).
    public var inboxBytes = 64 * 1024 * 1024
    /// The most bytes of control stanzas that wait for the core.
    public var controlBytes = 16 * 1024 * 1024
    /// Bytes of fan-out gathered before they are handed to the link.
    public var outputChunkBytes = 128 * 1024
    /// IQ requests of ours that may be unanswered at once; beyond it the oldest is given up.
    public var pendingRequests = 300_000

    public init() {}
}
