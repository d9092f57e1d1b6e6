// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// The requests (IQ get and set) that wait for an answer.
///
/// An answer counts only if its id, its sender and its type fit (RFC 6120 §8.2.3, §8.1.2.1). The id holds 128 random
/// bits, so it cannot be guessed; what is late, forged or comes twice is ignored and counted.
/// A value: random bits and the clock are handed in.
public struct RequestTable<Waiter>: Sendable where Waiter: Sendable {
    /// A moment of the clock that deadlines are measured by.
    public typealias Instant = ContinuousClock.Instant

    private struct Entry: Sendable {
        let to: JID
        let deadline: Instant
        let waiter: Waiter
    }

    /// The most requests that may wait at once; one more is refused.
    public let limit: Int
    /// Answers that fitted no request.
    public private(set) var unexpected = 0
    private var entries: [String: Entry] = [:]

    /// - Parameter limit: the most requests that may wait at once.
    public init(limit: Int = 65_536) { self.limit = limit }

    /// How many requests wait.
    public var count: Int { entries.count }

    /// Enters a request and returns the id to send it with, or nil if too many wait already.
    ///
    /// - Parameters:
    ///   - to: the full JID (or domain) that is asked; only that one may answer.
    ///   - deadline: when to give up; see ``expired(at:)``.
    ///   - random: 64 random bits a call, drawn from a secure source.
    public mutating func add(
        to: JID, deadline: Instant, waiter: Waiter, random: () -> UInt64
    ) -> String? {
        let id = RequestIdentifier.make(random: random)
        return add(id: id, to: to, deadline: deadline, waiter: waiter) ? id : nil
    }

    /// Enters a request under an id made with ``RequestIdentifier``; false if too many wait already.
    public mutating func add(id: String, to: JID, deadline: Instant, waiter: Waiter) -> Bool {
        guard entries.count < limit, entries[id] == nil else { return false }
        entries[id] = Entry(to: to, deadline: deadline, waiter: waiter)
        return true
    }

    /// The request that this stanza answers, taken out of the table; nil (and counted) if there is none.
    ///
    /// - Parameters:
    ///   - type: must be `result` or `error`.
    ///   - from: the sender; nil stands for one's own account (RFC 6120 §8.1.2.1).
    ///   - account: one's own bare JID; a client passes it, a component leaves it out.
    public mutating func answer(id: String?, from: JID?, type: String, account: JID? = nil) -> Waiter? {
        guard type == "result" || type == "error", let id, let entry = entries[id],
            Self.isSame(from, entry.to, account: account)
        else {
            unexpected &+= 1
            return nil
        }
        entries[id] = nil
        return entry.waiter
    }

    private static func isSame(_ from: JID?, _ to: JID, account: JID?) -> Bool {
        if let from { return from == to }
        guard let account else { return false }
        return to == account || (to.localpart == nil && to.resource == nil && to.domain == account.domain)
    }

    /// Takes out one request, for instance because its caller went away.
    public mutating func remove(id: String) -> Waiter? { entries.removeValue(forKey: id)?.waiter }

    /// Takes out the requests whose deadline has passed.
    public mutating func expired(at now: Instant) -> [Waiter] {
        let late = entries.filter { $0.value.deadline <= now }
        for id in late.keys { entries[id] = nil }
        return late.values.map(\.waiter)
    }

    /// Takes out all requests: the link is gone.
    public mutating func removeAll() -> [Waiter] {
        defer { entries = [:] }
        return entries.values.map(\.waiter)
    }
}

/// Identifiers of stanzas: 128 random bits in 32 hexadecimal digits.
public enum RequestIdentifier {
    /// - Parameter random: 64 random bits a call.
    public static func make(random: () -> UInt64) -> String {
        hexadecimal(random()) + hexadecimal(random())
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
