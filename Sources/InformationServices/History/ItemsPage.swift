// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// Stored items of a node as a consumer asks for them: the newest, or a page (XEP-0059) of them, in the order of
/// positions. What was stored before a grant was made is part of the history that the grant opens.
struct ItemsPage {
    let state: InformationState
    let node: PubSubNode
    let consumer: JID
    /// How many items at most.
    let limit: Int

    /// The newest items, the oldest of them first.
    func newest(before position: Int64 = .max) throws -> [LogEntry] {
        var gathered = Gathering(limit: limit, bytes: state.configuration.itemsBytes)
        var last = position
        var rows = 0
        while !gathered.isFull && rows < Self.scanLimit {
            let page = try read { try state.log.page(before: last, limit: pageSize, publisher: $0) }
            let sorted = page.sorted { $0.position > $1.position }.prefix(pageSize)
            for entry in sorted where !gathered.isFull && isVisible(entry) { gathered.take(entry) }
            guard sorted.count == pageSize, let end = sorted.last else { break }
            last = end.position
            rows += sorted.count
        }
        return gathered.entries.reversed()
    }

    /// The items that follow a position.
    func following(_ position: Int64) throws -> [LogEntry] {
        var gathered = Gathering(limit: limit, bytes: state.configuration.itemsBytes)
        var last = position
        var rows = 0
        while !gathered.isFull && rows < Self.scanLimit {
            let page = try read { try state.log.page(after: last, limit: pageSize, publisher: $0) }
            let sorted = page.sorted { $0.position < $1.position }.prefix(pageSize)
            for entry in sorted where !gathered.isFull && isVisible(entry) { gathered.take(entry) }
            guard sorted.count == pageSize, let end = sorted.last else { break }
            last = end.position
            rows += sorted.count
        }
        return gathered.entries
    }

    /// Whether the consumer may see the report, and it belongs to the node; not while it is in quarantine.
    func isVisible(_ entry: LogEntry) -> Bool {
        guard state.quarantine[entry.position] == nil, let serial = state.publishers.serial(entry.publisher) else { return false }
        if let own = node.serial, own != serial { return false }
        return state.mayObserve(consumer, serial)
    }

    /// How many rows one request looks at, at most.
    private static let scanLimit = 4096
    private var pageSize: Int { max(1, min(limit, state.configuration.pageLimit)) }

    /// Rows of the one station, of each granted station, or of all.
    private func read(_ page: (Int64?) throws -> [LogEntry]) throws -> [LogEntry] {
        if let serial = node.serial {
            guard let number = state.publishers.number(of: serial) else { return [] }
            return try page(number)
        }
        let granted = state.grants[consumer]
        guard granted.all == nil, granted.stations.count <= state.configuration.stationsRead else {
            return try page(nil)
        }
        var rows: [LogEntry] = []
        for serial in granted.stations.keys {
            guard let number = state.publishers.number(of: serial) else { continue }
            rows += try page(number)
        }
        return rows
    }

    /// Takes items until there are enough of them, or of their bytes; always at least one.
    private struct Gathering {
        let limit: Int
        var bytes: Int
        var entries: [LogEntry] = []
        var isFull: Bool { entries.count >= limit || (bytes <= 0 && !entries.isEmpty) }

        init(limit: Int, bytes: Int) {
            self.limit = limit
            self.bytes = bytes
        }

        mutating func take(_ entry: LogEntry) {
            bytes -= entry.body.count
            entries.append(entry)
        }
    }
}
