// SPDX-License-Identifier: Apache-2.0
import Governance
import StationModel
import XMPPCore

/// All grants in memory, by consumer.
struct GrantTable {
    /// The grants of one consumer.
    struct Consumer {
        var all: Grant?
        var stations: [Serial: Grant] = [:]

        var isEmpty: Bool { all == nil && stations.isEmpty }

        /// Deliveries of this station start after this position; nil: it may not be seen.
        func since(_ serial: Serial) -> Int64? {
            switch (all, stations[serial]) {
            case (nil, nil): nil
            case (let all?, nil): all.since
            case (nil, let station?): station.since
            case (let all?, let station?): min(all.since, station.since)
            }
        }
    }

    private var consumers: [JID: Consumer] = [:]
    private var byStation: [Serial: [JID]] = [:]
    /// For the ``RouteIndex``, which clears them.
    var changes = TableChanges()

    /// The grants of a consumer, by its bare JID; empty for one who has none.
    subscript(consumer: JID) -> Consumer { consumers[consumer] ?? Consumer() }

    /// The consumers that have a grant for this very station.
    func consumers(of serial: Serial) -> [JID] { byStation[serial] ?? [] }

    func grant(_ consumer: JID, _ scope: Grant.Scope) -> Grant? {
        switch scope {
        case .all: consumers[consumer]?.all
        case .station(let serial): consumers[consumer]?.stations[serial]
        }
    }

    mutating func add(_ grant: Grant, to consumer: JID) {
        switch grant.scope {
        case .all:
            consumers[consumer, default: Consumer()].all = grant
            changes.note(nil)
        case .station(let serial):
            let old = consumers[consumer, default: Consumer()].stations.updateValue(grant, forKey: serial)
            if old == nil { byStation[serial, default: []].append(consumer) }
            changes.note(serial)
        }
    }

    mutating func remove(_ grant: Grant, of consumer: JID) {
        switch grant.scope {
        case .all:
            consumers[consumer]?.all = nil
            changes.note(nil)
        case .station(let serial):
            consumers[consumer]?.stations.removeValue(forKey: serial)
            byStation[serial]?.removeAll { $0 == consumer }
            if byStation[serial]?.isEmpty == true { byStation.removeValue(forKey: serial) }
            changes.note(serial)
        }
        if consumers[consumer]?.isEmpty == true { consumers.removeValue(forKey: consumer) }
    }

    /// All grants, by consumer and then by scope, `all` first. For lists.
    var sorted: [Grant] {
        consumers.values.flatMap { consumer in
            (consumer.all.map { [$0] } ?? []) + consumer.stations.values
        }.sorted { ($0.consumer, Self.key($0)) < ($1.consumer, Self.key($1)) }
    }

    private static func key(_ grant: Grant) -> String {
        switch grant.scope {
        case .all: ""
        case .station(let serial): serial.folded
        }
    }
}
