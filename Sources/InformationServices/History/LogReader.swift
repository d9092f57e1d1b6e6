// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// Reads the log through the eyes of a consumer: only what its grants cover, a bounded number of rows at a time.
struct LogReader {
    /// Some reports in the order of positions.
    struct Page {
        var entries: [LogEntry]
        /// Everything up to this position was looked at.
        var reached: Int64
        /// Whether there is nothing behind it.
        var isEnd: Bool
        /// Whether it ended before something that cannot be looked at now.
        var isHeld = false
        /// What cannot be read any more of the part that was looked at; then there are no entries.
        var gap: FeedGap?
    }

    let state: InformationState
    /// Before something is looked at again that could not be looked at.
    static let pauseMilliseconds: Int64 = 20

    /// Up to `limit` reports after a position that a feed delivers: of stations granted now, and stored after
    /// the grant was made. It ends before what cannot be read; one that would begin there is the gap.
    func page(of node: PubSubNode, for consumer: JID, after: Int64, limit: Int) throws -> Page {
        let end = try state.log.lastPosition()
        do {
            return try readablePage(of: node, for: consumer, after: after, limit: limit)
        } catch let damage as StoreDamage {
            let reached = damage.positions.upperBound
            return Page(
                entries: [], reached: reached, isEnd: reached >= end, gap: FeedGap(after: after, before: reached &+ 1))
        }
    }

    private func readablePage(of node: PubSubNode, for consumer: JID, after: Int64, limit: Int) throws -> Page {
        let granted = state.grants[consumer]
        switch node {
        case .station(let serial):
            guard let since = granted.since(serial), let number = state.publishers.number(of: serial) else {
                return Page(entries: [], reached: try state.log.lastPosition(), isEnd: true)
            }
            let scan = try state.log.scan(after: max(after, since), limit: limit, publishers: [number])
            return try page(scan, granted, limit)
        case .all:
            let publishers = state.publishers(grantedTo: consumer)
            let isExact = publishers != nil || granted.stations.isEmpty
            let oldest = granted.stations.values.reduce(granted.all?.since ?? .max) { min($0, $1.since) }
            let scan = try state.log.scan(
                after: max(after, min(oldest, try state.log.lastPosition())),
                limit: isExact ? limit : max(limit, state.configuration.scanPage), publishers: publishers)
            return try page(scan, granted, limit)
        }
    }

    /// Bodies are read of those that count only.
    private func page(_ scan: LogScan, _ granted: GrantTable.Consumer, _ limit: Int) throws -> Page {
        var entries: [LogEntry] = []
        for place in scan.found where covers(granted, place) {
            let found: LogEntry?
            do { found = try state.log.entry(at: place.position) } catch let damage as StoreDamage {
                guard !entries.isEmpty else { throw damage }
                return Page(entries: entries, reached: place.position &- 1, isEnd: false)
            }
            guard let entry = found else { continue }
            entries.append(entry)
            if entries.count == limit {
                let isEnd = scan.isEnd && place.position == scan.reached
                return Page(entries: entries, reached: place.position, isEnd: isEnd)
            }
        }
        return Page(entries: entries, reached: scan.reached, isEnd: scan.isEnd, isHeld: scan.isHeld)
    }

    private func covers(_ granted: GrantTable.Consumer, _ place: LogScan.Place) -> Bool {
        guard let serial = state.publishers.serial(place.publisher), let since = granted.since(serial) else {
            return false
        }
        return place.position > since
    }

    /// How many items a feed has before it; counted up to a limit, as far as can be looked at now, and estimated where the
    /// whole log would have to be read.
    func pending(_ subscription: Subscription) throws -> Int {
        let limit = state.configuration.pendingCount
        let granted = state.grants[subscription.consumer]
        let cursor = subscription.feed.cursor
        switch subscription.node {
        case .station(let serial):
            guard let since = granted.since(serial), let number = state.publishers.number(of: serial) else { return 0 }
            return try state.log.count(after: max(cursor, since), limit: limit, publisher: number)
        case .all where granted.all == nil && granted.stations.count <= state.configuration.stationsCounted:
            var count = 0
            for (serial, grant) in granted.stations where count < limit {
                guard let number = state.publishers.number(of: serial) else { continue }
                count += try state.log.count(
                    after: max(cursor, grant.since), limit: limit - count, publisher: number)
            }
            return count
        case .all:
            let start = granted.stations.isEmpty ? max(cursor, granted.all?.since ?? cursor) : cursor
            return Int(clamping: min(Int64(limit), max(0, try state.log.lastPosition() - start)))
        }
    }
}
