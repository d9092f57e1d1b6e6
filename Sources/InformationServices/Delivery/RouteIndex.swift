// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMLStream
import XMPPCore

/// Which subscriptions a report of a station goes to. Derived from grants and subscriptions, and made anew after
/// either has changed, station by station as reports come: then a report costs one look into an array, however many
/// subscriptions there are that do not match.
struct RouteIndex {
    private var grants = -1
    private var subscriptions = -1
    /// Where a report goes.
    struct Routes {
        /// Those that want each item to be looked at: feeds, and subscriptions to one station.
        var single: [Subscription] = []
        /// Live subscriptions to `all`, and their envelopes in the same order.
        var live: [Subscription] = []
        var heads = PreparedHeads()
        /// Whether there are live ones among them.
        private(set) var hasLive = false

        var isEmpty: Bool { single.isEmpty && live.isEmpty }

        mutating func append(_ subscription: Subscription, _ domain: String) {
            if subscription.options.mode == .live { hasLive = true }
            if subscription.node == .all, subscription.options.mode == .live,
                let head = subscription.liveHead(from: domain), heads.append(head)
            {
                live.append(subscription)
            } else {
                single.append(subscription)
            }
        }
    }

    /// The first two are none at all, for stations not looked at yet, and the common one: subscriptions to `all` of
    /// consumers who are granted every station.
    private var lists = [Routes(), Routes()]
    /// By publisher's number: which list.
    private var chosen: [UInt32] = []
    /// Subscriptions to `all` of consumers who are granted some stations, by each of these.
    private var partial: [Serial: [Subscription]] = [:]
    /// There are none but the common ones.
    private var isUniform = true

    private static let unknown: UInt32 = 0
    private static let common = 1

    /// Where a report of the station goes.
    mutating func routes(_ publisher: Int64, in state: InformationState) -> Routes {
        if grants != state.grants.generation || subscriptions != state.subscriptions.generation { renew(state) }
        if isUniform { return lists[Self.common] }
        guard let place = Int(exactly: publisher), place >= 0 else { return Routes() }
        if place >= chosen.count {
            let wanted = max(place + 1, state.publishers.directory.count + 1)
            chosen.append(contentsOf: repeatElement(Self.unknown, count: wanted - chosen.count))
        }
        if chosen[place] == Self.unknown { chosen[place] = UInt32(truncatingIfNeeded: choose(publisher, state)) }
        return lists[Int(chosen[place])]
    }

    private mutating func choose(_ publisher: Int64, _ state: InformationState) -> Int {
        guard let serial = state.publishers.serial(publisher) else { return Self.common }
        let own = (state.subscriptions.subscriptions(to: serial) + (partial[serial] ?? [])).filter {
            $0.options.delivers && state.mayObserve($0.consumer, serial)
        }
        if own.isEmpty { return Self.common }
        var routes = lists[Self.common]
        for subscription in own { routes.append(subscription, state.domain.description) }
        lists.append(routes)
        return lists.count - 1
    }

    private mutating func renew(_ state: InformationState) {
        grants = state.grants.generation
        subscriptions = state.subscriptions.generation
        chosen.removeAll(keepingCapacity: true)
        partial.removeAll(keepingCapacity: true)
        var common = Routes()
        for subscription in state.subscriptions.toAll where subscription.options.delivers {
            let granted = state.grants[subscription.consumer]
            if granted.all != nil {
                common.append(subscription, state.domain.description)
            } else {
                for serial in granted.stations.keys { partial[serial, default: []].append(subscription) }
            }
        }
        lists = [Routes(), common]
        isUniform = partial.isEmpty && state.subscriptions.count == state.subscriptions.toAll.count
    }
}
