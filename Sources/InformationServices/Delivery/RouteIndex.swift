// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// Which subscriptions a report of a station goes to. Derived from grants and subscriptions, and made anew after
/// either has changed, station by station as reports come: then a report costs one look into an array, however many
/// subscriptions there are that do not match.
struct RouteIndex {
    private var grants = -1
    private var subscriptions = -1
    /// Lists of subscriptions; the first two are none at all, for stations not looked at yet, and the common one: those
    /// to `all` of consumers who are granted every station.
    private var lists: [[Subscription]] = [[], []]
    /// By publisher's number: which list.
    private var chosen: [UInt32] = []
    /// Subscriptions to `all` of consumers who are granted some stations.
    private var partial: [Subscription] = []
    /// There are none but the common ones.
    private var isUniform = true

    private static let unknown: UInt32 = 0
    private static let common = 1

    /// The subscriptions that a report of the station is delivered to, in the order in which they were made.
    mutating func routes(_ publisher: Int64, in state: InformationState) -> [Subscription] {
        if grants != state.grants.generation || subscriptions != state.subscriptions.generation { renew(state) }
        if isUniform { return lists[Self.common] }
        guard let place = Int(exactly: publisher), place >= 0 else { return [] }
        if place >= chosen.count {
            let wanted = max(place + 1, state.publishers.directory.count + 1)
            chosen.append(contentsOf: repeatElement(Self.unknown, count: wanted - chosen.count))
        }
        if chosen[place] == Self.unknown { chosen[place] = UInt32(truncatingIfNeeded: choose(publisher, state)) }
        return lists[Int(chosen[place])]
    }

    private mutating func choose(_ publisher: Int64, _ state: InformationState) -> Int {
        guard let serial = state.publishers.serial(publisher) else { return Self.common }
        let own = (state.subscriptions.subscriptions(to: serial) + partial).filter {
            $0.options.delivers && state.mayObserve($0.consumer, serial)
        }
        if own.isEmpty { return Self.common }
        lists.append(lists[Self.common] + own)
        return lists.count - 1
    }

    private mutating func renew(_ state: InformationState) {
        grants = state.grants.generation
        subscriptions = state.subscriptions.generation
        chosen.removeAll(keepingCapacity: true)
        partial = []
        var common: [Subscription] = []
        for subscription in state.subscriptions.toAll where subscription.options.delivers {
            if state.grants[subscription.consumer].all != nil {
                common.append(subscription)
            } else {
                partial.append(subscription)
            }
        }
        lists = [[], common]
        isUniform = partial.isEmpty && state.subscriptions.count == state.subscriptions.toAll.count
    }
}
