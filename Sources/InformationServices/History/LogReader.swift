// SPDX-License-Identifier: Apache-2.0
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
    }

    let state: InformationState

    /// Up to `limit` reports after a position that a feed delivers: of stations granted now, and stored after
    /// the grant was made.
    func page(of node: PubSubNode, for consumer: JID, after: Int64, limit: Int) throws -> Page {
        let granted = state.grants[consumer]
        let end = try state.log.lastPosition()
        switch node {
        case .station(let serial):
            guard let since = granted.since(serial), let number = state.publishers.number(of: serial) else {
                return Page(entries: [], reached: end, isEnd: true)
            }
            let rows = try state.log.page(after: max(after, since), limit: limit, publisher: number)
            return Self.whole(rows, limit, end)
        case .all:
            if granted.all == nil && granted.stations.count <= state.configuration.stationsRead {
                return try merged(granted, after: after, limit: limit, end: end)
            }
            return try scanned(granted, after: after, limit: limit, end: end)
        }
    }

    private static func whole(_ rows: [LogEntry], _ limit: Int, _ end: Int64) -> Page {
        if rows.count >= limit, let last = rows.last {
            return Page(entries: rows, reached: last.position, isEnd: last.position >= end)
        }
        return Page(entries: rows, reached: end, isEnd: true)
    }

    /// One page of each station, put in order.
    private func merged(_ granted: GrantTable.Consumer, after: Int64, limit: Int, end: Int64) throws -> Page {
        var rows: [LogEntry] = []
        for (serial, grant) in granted.stations {
            guard let number = state.publishers.number(of: serial) else { continue }
            rows += try state.log.page(after: max(after, grant.since), limit: limit, publisher: number)
        }
        rows.sort { $0.position < $1.position }
        return Self.whole(Array(rows.prefix(limit)), limit, end)
    }

    /// The whole log, for a consumer who is granted much of it.
    private func scanned(_ granted: GrantTable.Consumer, after: Int64, limit: Int, end: Int64) throws -> Page {
        let start = granted.stations.isEmpty ? max(after, granted.all?.since ?? after) : after
        let wanted = granted.stations.isEmpty ? limit : max(limit, state.configuration.scanPage)
        let rows = try state.log.page(after: start, limit: wanted, publisher: nil)
        var entries: [LogEntry] = []
        for row in rows where covers(granted, row) {
            entries.append(row)
            if entries.count == limit {
                return Page(entries: entries, reached: row.position, isEnd: row.position >= end)
            }
        }
        guard rows.count >= wanted, let last = rows.last else {
            return Page(entries: entries, reached: end, isEnd: true)
        }
        return Page(entries: entries, reached: last.position, isEnd: last.position >= end)
    }

    private func covers(_ granted: GrantTable.Consumer, _ entry: LogEntry) -> Bool {
        guard let serial = state.publishers.serial(entry.publisher), let since = granted.since(serial) else {
            return false
        }
        return entry.position > since
    }

    /// How many items a feed has before it; counted up to a limit, and estimated where the whole log would have to
    /// be read.
    func pending(_ subscription: Subscription) throws -> Int {
        let limit = state.configuration.pendingCount
        let granted = state.grants[subscription.consumer]
        let cursor = subscription.feed.cursor
        switch subscription.node {
        case .station(let serial):
            guard let since = granted.since(serial), let number = state.publishers.number(of: serial) else { return 0 }
            return try state.log.count(after: max(cursor, since), limit: limit, publisher: number)
        case .all where granted.all == nil && granted.stations.count <= state.configuration.stationsRead:
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
