// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMLStream
import XMPPCore

/// A subscription in memory. A class, since the route index and the tables point to the same one.
final class Subscription {
    let subid: String
    let node: PubSubNode
    let jid: JID
    /// The bare JID whose grants count.
    let consumer: JID
    let created: Timestamp
    var options: SubscriptionOptions
    var feed: Feed
    /// A step of the feed that reads the log is on its way.
    var isStepScheduled = false
    /// It is to be started again with others that wait.
    var isWaiting = false
    /// False once it is removed: what still points to it delivers nothing.
    var isAlive = true
    /// Live deliveries that it has lost and was not told of yet.
    var lost = 0
    /// See ``liveHead(from:)``.
    var preparedHead: PreparedHead?
    /// See ``feedTail()``.
    var preparedTail: PreparedXML?

    init(_ record: SubscriptionRecord) {
        subid = record.subid
        node = record.node
        jid = record.jid
        consumer = record.jid.bare
        created = record.created
        options = record.options
        feed = Feed(cursor: record.cursor, window: record.options.window, taker: record.taker)
    }

    /// As it is to stand in the store.
    var record: SubscriptionRecord {
        SubscriptionRecord(
            subid: subid, node: node, jid: jid, options: options, cursor: feed.cursor, taker: feed.taker,
            created: created)
    }
}

/// All subscriptions in memory.
struct SubscriptionTable {
    private struct Key: Hashable {
        let node: PubSubNode
        let jid: JID
    }

    private var bySubid: [String: Subscription] = [:]
    private var byKey: [Key: Subscription] = [:]
    private var byConsumer: [JID: [Subscription]] = [:]
    private var byStation: [Serial: [Subscription]] = [:]
    /// Subscriptions to the node `all`.
    private(set) var toAll: [Subscription] = []
    /// Feeds by the full JID that takes them.
    private var byTaker: [JID: [Subscription]] = [:]
    /// For the ``RouteIndex``, which clears them.
    var changes = TableChanges()

    var count: Int { bySubid.count }

    func subscription(_ subid: String) -> Subscription? { bySubid[subid] }
    func subscription(_ node: PubSubNode, _ jid: JID) -> Subscription? { byKey[Key(node: node, jid: jid)] }
    /// In the order in which they were made.
    func subscriptions(of consumer: JID) -> [Subscription] { byConsumer[consumer] ?? [] }
    func subscriptions(to serial: Serial) -> [Subscription] { byStation[serial] ?? [] }
    func feeds(taken by: JID) -> [Subscription] { byTaker[by] ?? [] }
    /// By subid. For lists.
    var sorted: [Subscription] { sorted { _ in true } }
    /// Some of them, by subid.
    func sorted(where isWanted: (Subscription) -> Bool) -> [Subscription] {
        bySubid.values.filter(isWanted).sorted { $0.subid < $1.subid }
    }
    /// Feeds that somebody takes, by subid.
    var takenFeeds: [Subscription] { byTaker.values.joined().sorted { $0.subid < $1.subid } }

    mutating func add(_ subscription: Subscription) {
        bySubid[subscription.subid] = subscription
        byKey[Key(node: subscription.node, jid: subscription.jid)] = subscription
        byConsumer[subscription.consumer, default: []].append(subscription)
        switch subscription.node {
        case .all: toAll.append(subscription)
        case .station(let serial): byStation[serial, default: []].append(subscription)
        }
        if let taker = subscription.feed.taker { byTaker[taker, default: []].append(subscription) }
        changed(subscription)
    }

    mutating func remove(_ subscription: Subscription) {
        setTaker(of: subscription) { $0.pause() }
        subscription.isAlive = false
        bySubid.removeValue(forKey: subscription.subid)
        byKey.removeValue(forKey: Key(node: subscription.node, jid: subscription.jid))
        Self.drop(subscription, from: &byConsumer, subscription.consumer)
        switch subscription.node {
        case .all: toAll.removeAll { $0 === subscription }
        case .station(let serial): Self.drop(subscription, from: &byStation, serial)
        }
        changed(subscription)
    }

    /// What was derived from it, or from its options, has to be made anew.
    mutating func changed(_ subscription: Subscription) {
        switch subscription.node {
        case .all: changes.note(nil)
        case .station(let serial): changes.note(serial)
        }
    }

    /// Changes a feed in a way that may change its taker.
    mutating func setTaker(of subscription: Subscription, _ change: (inout Feed) -> Void) {
        if let old = subscription.feed.taker { Self.drop(subscription, from: &byTaker, old) }
        change(&subscription.feed)
        if let new = subscription.feed.taker { byTaker[new, default: []].append(subscription) }
    }

    private static func drop<K>(_ subscription: Subscription, from lists: inout [K: [Subscription]], _ key: K) {
        lists[key]?.removeAll { $0 === subscription }
        if lists[key]?.isEmpty == true { lists.removeValue(forKey: key) }
    }
}
