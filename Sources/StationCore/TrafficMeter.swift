// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// Who sends how much: a bucket for each bare JID and one for each domain, by kind of traffic.
///
/// A value without a clock; used by the network thread for each stanza, so it allocates nothing.
public struct TrafficMeter: ~Copyable, Sendable {
    private var senders: TokenBuckets
    private var domains: TokenBuckets
    private var lastDomain: UInt64 = 0
    private var lastPlace = 0
    private let perSender: [TokenBuckets.Prepared]
    private let perDomain: [TokenBuckets.Prepared]

    public init(limits: TrafficLimits) {
        senders = TokenBuckets(count: limits.senders)
        domains = TokenBuckets(count: limits.domains)
        lastPlace = domains.claim(0)
        perSender = TrafficKind.allCases.map { TokenBuckets.Prepared(limits.perSender($0)) }
        perDomain = TrafficKind.allCases.map { TokenBuckets.Prepared(limits.perDomain($0)) }
    }

    /// Bytes of memory, whoever sends.
    public var memoryBytes: Int { senders.memoryBytes &+ domains.memoryBytes }

    /// Counts one stanza. What its sender may not send does not count for the domain.
    ///
    /// - Parameters:
    ///   - localHash: `ByteHash` of the localpart; of nothing for a domain itself.
    ///   - domainHash: `ByteHash` of the domain.
    ///   - now: nanoseconds of a clock that does not go back.
    public mutating func take(
        _ kind: TrafficKind, localHash: UInt64, domainHash: UInt64, now: Int64
    ) -> TokenBuckets.Verdict {
        let salt = UInt64(truncatingIfNeeded: kind.rawValue &+ 1) &* 0x9E37_79B9_7F4A_7C15
        let domain = domainHash ^ salt
        let sender = localHash ^ (domain &* 0xD6E8_FEB8_6659_FD93)
        let ofDomain = perDomain[kind.rawValue]
        // Nearly always the domain of the stanza before.
        if domain != lastDomain {
            lastDomain = domain
            lastPlace = domains.claim(domain)
        }
        guard domains.has(at: lastPlace, ofDomain, now: now) else { return senders.refuse(sender, now: now) }
        let verdict = senders.take(sender, perSender[kind.rawValue], now: now)
        if verdict == .taken { domains.charge(at: lastPlace, ofDomain, now: now) }
        return verdict
    }

    /// The same for an address that was read.
    public mutating func take(_ kind: TrafficKind, _ sender: JID, now: Int64) -> TokenBuckets.Verdict {
        take(
            kind, localHash: ByteHash.of(sender.localpart ?? ""), domainHash: ByteHash.of(sender.domain), now: now)
    }
}
