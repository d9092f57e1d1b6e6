// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// How items come to a subscriber.
public enum DeliveryMode: String, Sendable, CaseIterable {
    /// Headlines, at most once.
    case live
    /// A cursor, at least once, in order per station, a window of unacknowledged items.
    case feed
}

/// The subscription options of XEP-0060 §6.3 that we know.
public struct SubscriptionOptions: Hashable, Sendable {
    /// Whether anything is delivered at all.
    public var delivers = true
    /// How items come.
    public var mode = DeliveryMode.live
    /// How many items of a feed may be unacknowledged at once.
    public var window = Self.defaultWindow

    /// How many items may be unacknowledged unless the subscriber says otherwise.
    public static let defaultWindow = 100
    /// The windows that may be asked for.
    public static let windows = 1...1000

    public init(delivers: Bool = true, mode: DeliveryMode = .live, window: Int = Self.defaultWindow) {
        self.delivers = delivers
        self.mode = mode
        self.window = window
    }
}

/// A subscription as it stands in the store.
public struct SubscriptionRecord: Hashable, Sendable {
    /// 32 random hexadecimal digits.
    public let subid: String
    /// What is subscribed to.
    public let node: PubSubNode
    /// The subscribed address, bare or full.
    public let jid: JID
    /// What the subscriber wants.
    public var options: SubscriptionOptions
    /// Feed: everything up to and including this position is acknowledged.
    public var cursor: Int64
    /// Feed: the full JID that takes the items; nil while it is paused.
    public var taker: JID?
    /// When the subscription was made.
    public let created: Timestamp

    public init(
        subid: String, node: PubSubNode, jid: JID, options: SubscriptionOptions, cursor: Int64, taker: JID? = nil,
        created: Timestamp
    ) {
        self.subid = subid
        self.node = node
        self.jid = jid
        self.options = options
        self.cursor = cursor
        self.taker = taker
        self.created = created
    }
}
