// SPDX-License-Identifier: Apache-2.0

/// How much of something one sender may do: so many at once, and so many a second for as long as it likes.
public struct RateLimit: Sendable, Hashable {
    /// What comes back in a second; 1 or more.
    public var perSecond: Int
    /// What may be done at once after a rest; 1 or more.
    public var burst: Int

    public init(perSecond: Int, burst: Int) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// Nanoseconds until one comes back.
    var interval: Int64 { max(1, 1_000_000_000 / Int64(max(1, perSecond))) }
    /// Nanoseconds until all of them are back.
    var depth: Int64 {
        let (depth, overflow) = interval.multipliedReportingOverflow(by: Int64(max(1, burst)))
        return overflow ? .max / 4 : min(depth, .max / 4)
    }
}

/// What senders send, as far as it is limited: each kind has buckets of its own.
public enum TrafficKind: Int, Sendable, CaseIterable {
    /// Reports of stations.
    case report
    /// What answers us: results, errors, and the acknowledgements of feeds. We have asked for it.
    case answer
    /// Everything else: requests, presence, messages.
    case control
}

/// The limits of traffic by kind, for one bare JID and for a whole domain.
public struct TrafficLimits: Sendable, Hashable {
    /// A station reports once in some seconds; one that was off line for a week catches up at this pace.
    public var reportsPerSender = RateLimit(perSecond: 1000, burst: 20_000)
    /// Five times what the core can take.
    public var reportsPerDomain = RateLimit(perSecond: 1_000_000, burst: 4_000_000)
    /// One who acknowledges each item of a busy feed by itself is not in the way.
    public var answersPerSender = RateLimit(perSecond: 20_000, burst: 200_000)
    /// All stations of a domain may answer a job at once.
    public var answersPerDomain = RateLimit(perSecond: 1_000_000, burst: 4_000_000)
    /// Wide enough for a factory, which engraves a whole batch of units from one session; a person or a consumer
    /// needs a hundredth of it.
    public var controlPerSender = RateLimit(perSecond: 1000, burst: 5000)
    /// A server that comes back tells the presence of all its stations at once, as fast as it can: a million of them.
    public var controlPerDomain = RateLimit(perSecond: 100_000, burst: 2_000_000)
    /// Whose traffic is remembered: a sender takes 16 bytes while its bucket is not full. Rounded up to a power of two.
    public var senders = 16_384
    /// The same for domains.
    public var domains = 1024

    public init() {}

    func perSender(_ kind: TrafficKind) -> RateLimit {
        switch kind {
        case .report: reportsPerSender
        case .answer: answersPerSender
        case .control: controlPerSender
        }
    }

    func perDomain(_ kind: TrafficKind) -> RateLimit {
        switch kind {
        case .report: reportsPerDomain
        case .answer: answersPerDomain
        case .control: controlPerDomain
        }
    }
}
