// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMLStream
import XMPPCore

/// Some of the subscriptions that a report goes to.
final class RouteList {
    /// Those that want each item to be looked at: feeds, and subscriptions to one station.
    private(set) var single: [Subscription] = []
    /// Live subscriptions to `all`, and their envelopes in the same order.
    private(set) var live: [Subscription] = []
    private(set) var heads = PreparedHeads()
    /// Whether there are live ones among them.
    private(set) var hasLive = false

    init(_ subscriptions: [Subscription] = [], from domain: String = "") {
        for subscription in subscriptions {
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

    var isEmpty: Bool { single.isEmpty && live.isEmpty }
}

/// Where the reports of a station go: to those who have every station, and to those who have this one.
struct Routes {
    let common: RouteList
    let own: RouteList?

    var isEmpty: Bool { common.isEmpty && own?.isEmpty ?? true }
    var hasLive: Bool { common.hasLive || own?.hasLive ?? false }

    @inline(__always)
    func forEach(_ body: (RouteList) -> Void) {
        body(common)
        if let own { body(own) }
    }
}

/// Which subscriptions a report of a station goes to, derived from grants and subscriptions station by station as reports
/// come: then a report costs one look into an array, however many subscriptions there are that do not match.
///
/// A change that concerns one station makes that station be looked at anew. Any other makes all be, each when its next
/// report comes, and costs as much by itself as there are subscriptions to `all`. Equal lists are kept once.
struct RouteIndex {
    /// Subscriptions to `all` of consumers who are granted every station.
    private var common = RouteList()
    /// The lists of single stations, the first of them none. They are numbered on from one renewal to the next, so that what
    /// was chosen before is known by its number to be old.
    private var lists: [RouteList?] = [nil]
    private var firstNumber: UInt32 = 1
    /// By the subscriptions in it, as they were: which list.
    private var known: [[Part]: Int] = [:]
    /// By publisher's number: the number of its list.
    private var chosen: [UInt32] = []
    /// There are none but the common ones.
    private var isUniform = true
    /// Some consumer takes `all` of what it is granted, which is not everything.
    private var isPartial = false
    /// How many lists of single stations are kept.
    var listCount: Int { lists.count - 1 }
    /// How often everything was derived anew.
    private(set) var renewals = 0

    private struct Part: Hashable {
        let subscription: ObjectIdentifier
        let mode: DeliveryMode

        init(_ subscription: Subscription) {
            self.subscription = ObjectIdentifier(subscription)
            mode = subscription.options.mode
        }
    }

    /// So many lists more than there are subscriptions are the remains of some that have gone.
    private static let spareLists = 1024

    /// Where a report of the station goes.
    @inline(__always)
    mutating func routes(_ publisher: Int64, in state: InformationState) -> Routes {
        if !state.grants.changes.isEmpty || !state.subscriptions.changes.isEmpty { follow(state) }
        return Routes(common: common, own: isUniform ? nil : own(publisher, state))
    }

    private mutating func own(_ publisher: Int64, _ state: InformationState) -> RouteList? {
        guard let place = Int(exactly: publisher), place >= 0 else { return nil }
        if place >= chosen.count {
            let wanted = max(place + 1, state.publishers.directory.count + 1)
            chosen.append(contentsOf: repeatElement(0, count: wanted - chosen.count))
        }
        if chosen[place] < firstNumber {
            chosen[place] = firstNumber &+ UInt32(truncatingIfNeeded: choose(publisher, state))
        }
        return lists[Int(chosen[place] &- firstNumber)]
    }

    /// The list of a station among those there are, or one more.
    private mutating func choose(_ publisher: Int64, _ state: InformationState) -> Int {
        guard let serial = state.publishers.serial(publisher) else { return 0 }
        var own = state.subscriptions.subscriptions(to: serial).filter {
            $0.options.delivers && state.mayObserve($0.consumer, serial)
        }
        for consumer in state.grants.consumers(of: serial) where state.grants[consumer].all == nil {
            own += state.subscriptions.subscriptions(of: consumer).filter { $0.node == .all && $0.options.delivers }
        }
        if own.isEmpty { return 0 }
        let key = own.map(Part.init)
        if let index = known[key] { return index }
        lists.append(RouteList(own, from: state.domain.description))
        known[key] = lists.count - 1
        return lists.count - 1
    }

    // MARK: - Changes

    private mutating func follow(_ state: InformationState) {
        let isBroad = state.grants.changes.isBroad || state.subscriptions.changes.isBroad
        if isBroad || lists.count > state.subscriptions.count + Self.spareLists {
            renew(state)
        } else {
            for serial in state.grants.changes.stations + state.subscriptions.changes.stations {
                guard let number = state.publishers.number(of: serial), number >= 0, number < chosen.count else { continue }
                chosen[Int(number)] = 0
            }
        }
        isUniform = !isPartial && state.subscriptions.count == state.subscriptions.toAll.count
        state.grants.changes.clear()
        state.subscriptions.changes.clear()
    }

    private mutating func renew(_ state: InformationState) {
        renewals &+= 1
        let (next, overflow) = firstNumber.addingReportingOverflow(UInt32(truncatingIfNeeded: lists.count))
        if overflow { chosen.removeAll() }
        firstNumber = overflow ? 1 : next
        lists = [nil]
        known = [:]
        let toAll = state.subscriptions.toAll.filter(\.options.delivers)
        let whole = toAll.filter { state.grants[$0.consumer].all != nil }
        isPartial = whole.count < toAll.count
        common = RouteList(whole, from: state.domain.description)
    }
}
