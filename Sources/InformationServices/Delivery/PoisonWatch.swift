// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Finds the item for which a server closes the stream, as a value: what was sent and when the link came and went goes
/// in, the position of the item comes out.
///
/// A link that is lost soon after it came up makes every item suspect that was sent on it. What was on two such links in
/// a row is sent alone the next time: nothing else that is suspect goes out until it is acknowledged or the link has
/// outlived it for a moment. If the link is lost a third time meanwhile, that item it is.
struct PoisonWatch {
    /// After so many losses in a row with the same item, it is set aside.
    let losses: Int
    /// A link that lives longer than this has not been lost because of what was sent at its beginning, in milliseconds.
    let shortLife: Int64
    /// A suspect that the link has outlived by this much is none, in milliseconds.
    let settling: Int64
    /// How many items of one link are remembered; the newest.
    static let remembered = 4096

    private var readyAt: Timestamp?
    /// The link is too young to be trusted.
    private var isYoung = false
    /// Positions sent on this link, the newest ``remembered``.
    private var sent: [Int64] = []
    private var next = 0
    /// How many links in a row were lost with an item.
    private var strikes: [Int64: Int] = [:]
    private var alone: (position: Int64, feed: ObjectIdentifier, at: Timestamp)?
    private var lastAlone: Timestamp?

    init(losses: Int, shortLife: Duration, settling: Duration) {
        self.losses = max(2, losses)
        self.shortLife = Timestamp(milliseconds: 0).adding(shortLife).milliseconds
        self.settling = Timestamp(milliseconds: 0).adding(settling).milliseconds
    }

    /// Whether some items have to be sent alone.
    var hasSuspects: Bool { strikes.values.contains { $0 &+ 1 >= losses } }

    mutating func linkReady(at now: Timestamp) {
        readyAt = now
        lastAlone = now
        isYoung = true
        forgetSent()
    }

    /// Whether the item may be sent now.
    func maySend(_ position: Int64) -> Bool { alone == nil || !isSuspect(position) }

    private func isSuspect(_ position: Int64) -> Bool { (strikes[position] ?? 0) &+ 1 >= losses }

    /// An item of a feed was handed to the link.
    mutating func sent(_ position: Int64, _ feed: ObjectIdentifier, at now: Timestamp) {
        if !strikes.isEmpty, isSuspect(position) {
            alone = (position, feed, now)
            lastAlone = now
        }
        guard isYoung, let readyAt else { return }
        guard now.milliseconds(since: readyAt) < shortLife else {
            isYoung = false
            return
        }
        if sent.count < Self.remembered {
            sent.append(position)
        } else {
            sent[next] = position
            next = next &+ 1 == Self.remembered ? 0 : next &+ 1
        }
    }

    /// A feed has acknowledged all up to an item. True if something that waited may be sent now.
    mutating func acknowledged(_ position: Int64, _ feed: ObjectIdentifier) -> Bool {
        guard let alone, alone.feed == feed, alone.position <= position else { return false }
        settle(alone.position)
        return true
    }

    /// Time has gone by. True if something that waited may be sent now.
    mutating func tick(at now: Timestamp) -> Bool {
        if let alone {
            guard now.milliseconds(since: alone.at) >= settling else { return false }
            settle(alone.position)
            return true
        }
        // The suspects are not sent any more: acknowledged meanwhile, or their feeds are paused.
        if let lastAlone, now.milliseconds(since: lastAlone) >= shortLife { strikes.removeAll() }
        return true
    }

    private mutating func settle(_ position: Int64) {
        alone = nil
        strikes.removeValue(forKey: position)
        sent.removeAll { $0 == position }
        next = 0
    }

    /// The link is gone.
    ///
    /// - Returns: the item because of which it was lost so many times.
    mutating func linkLost(at now: Timestamp) -> Int64? {
        guard let readyAt else { return nil }
        let wasShort = now.milliseconds(since: readyAt) < shortLife
        var counted: [Int64: Int] = [:]
        if let alone {
            counted[alone.position] = (strikes[alone.position] ?? 0) &+ 1
        } else if wasShort {
            for position in sent { counted[position] = (strikes[position] ?? 0) &+ 1 }
        }
        self.readyAt = nil
        alone = nil
        isYoung = false
        forgetSent()
        strikes = counted
        guard let poison = counted.first(where: { $0.value >= losses })?.key else { return nil }
        strikes.removeAll()
        return poison
    }

    private mutating func forgetSent() {
        sent.removeAll(keepingCapacity: true)
        next = 0
    }
}
