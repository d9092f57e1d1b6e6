// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import StationModel

/// What an agent tells whoever runs it.
public enum AgentEvent: Hashable, Sendable {
    /// Logged in to a host.
    case loggedIn(onboarding: Bool)
    /// The owner's identity is stored.
    case installed
    /// Reports are accepted from now on.
    case online
    /// The link is gone.
    case offline(String)
    /// A report is on the disk.
    case taken(Int64)
    /// A report was sent.
    case sent(Int64)
    /// A report was committed, so many milliseconds after it was sent.
    case acknowledged(Int64, milliseconds: Double)
    /// A report was refused or not answered.
    case unacknowledged(Int64, String)
}

/// Time, chance, sockets and logs: what comes in through the door.
public struct AgentEnvironment: Sendable {
    /// The wall clock.
    public var now: @Sendable () -> Timestamp
    /// 64 random bits.
    public var random: @Sendable () -> UInt64
    /// Carries the connections.
    public var group: any EventLoopGroup
    /// Where lines go.
    public var logger: Logger
    /// Hears what happens; called on the agent's tasks, so it must be quick.
    public var observe: @Sendable (AgentEvent) -> Void

    /// Makes an environment.
    public init(
        now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64,
        group: any EventLoopGroup, logger: Logger, observe: @escaping @Sendable (AgentEvent) -> Void = { _ in }
    ) {
        self.now = now
        self.random = random
        self.group = group
        self.logger = logger
        self.observe = observe
    }
}
