// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// Which subscriptions a report of a station goes to. Derived from grants and subscriptions, and made anew after
/// either has changed, station by station as reports come.
struct RouteIndex {
    private var grants = -1
    private var subscriptions = -1
    /// Subscriptions to `all` of consumers who are granted every station: the same list for all stations.
    private var common: [Subscription] = []
    /// Subscriptions to `all` of consumers who are granted some stations.
    private var partial: [Subscription] = []
    private var byPublisher: [Int64: [Subscription]] = [:]

    /// The subscriptions that a report of the station is delivered to, in the order in which they were made.
    mutating func routes(_ publisher: Int64, _ serial: Serial, in state: InformationState) -> [Subscription] {
        if grants != state.grants.generation || subscriptions != state.subscriptions.generation { renew(state) }
        let own = state.subscriptions.subscriptions(to: serial)
        if own.isEmpty && partial.isEmpty { return common }
        if let found = byPublisher[publisher] { return found }
        let chosen = (own + partial).filter {
            $0.options.delivers && state.mayObserve($0.consumer, serial)
        }
        let routes = chosen.isEmpty ? common : common + chosen
        byPublisher[publisher] = routes
        return routes
    }

    private mutating func renew(_ state: InformationState) {
        grants = state.grants.generation
        subscriptions = state.subscriptions.generation
        byPublisher.removeAll(keepingCapacity: true)
        common = []
        partial = []
        for subscription in state.subscriptions.toAll where subscription.options.delivers {
            if state.grants[subscription.consumer].all != nil {
                common.append(subscription)
            } else {
                partial.append(subscription)
            }
        }
    }
}
