// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// Stored items of a node as a consumer asks for them: the newest, or a page (XEP-0059) of them, in the order of
/// positions. What was stored before a grant was made is part of the history that the grant opens.
///
/// It is gathered in steps, each with a bounded amount of work; bodies are read only of items that are answered.
struct ItemsPage {
    /// Which way the log is read.
    enum Direction { case following, newest }

    let state: InformationState
    let node: PubSubNode
    let consumer: JID
    /// How many items at most.
    let limit: Int
    let direction: Direction
    /// Where the next step begins.
    private var position: Int64
    /// In the order in which they were found.
    private(set) var gathered: [LogEntry] = []
    /// Items in between that are in quarantine, of which the consumer is told; no more than `limit`.
    private(set) var setAside: [Int64] = []
    /// Bytes that the answer has room for.
    private var room: Int
    private var steps = 0
    /// Whether the last step ended before something that cannot be looked at now.
    private(set) var isHeld = false

    /// - Parameter position: items behind it, or for the newest those before it.
    init(
        state: InformationState, node: PubSubNode, consumer: JID, limit: Int, _ direction: Direction, from position: Int64
    ) {
        self.state = state
        self.node = node
        self.consumer = consumer
        self.limit = limit
        self.direction = direction
        self.position = position
        room = state.configuration.itemsBytes
    }

    /// A page may be shorter than asked for once it has something; an empty one means the end, so that takes as long as it
    /// takes.
    private static let mostSteps = 8

    /// Reads on.
    ///
    /// - Returns: whether the page is complete.
    mutating func step(_ budget: inout ReadingBudget) throws -> Bool {
        steps += 1
        let scan: LogScan
        do { scan = try look() } catch let damage as StoreDamage {
            guard gathered.isEmpty else { return true }
            throw damage
        }
        for place in scan.found where belongs(place.position, place.publisher) {
            guard gathered.count < limit else { return true }
            if state.quarantine[place.position] != nil {
                if setAside.count < limit { setAside.append(place.position) }
                continue
            }
            let found: LogEntry?
            do { found = try state.log.entry(at: place.position) } catch let damage as StoreDamage {
                // What was gathered is answered; whoever goes on behind it is told.
                guard gathered.isEmpty else { return true }
                throw damage
            }
            guard let entry = found else { continue }
            budget.bytes -= entry.body.count
            let size = Self.room(for: entry, in: state)
            guard gathered.isEmpty || size <= room else { return true }
            room -= size
            gathered.append(entry)
        }
        position = scan.reached
        isHeld = scan.isHeld
        return scan.isEnd || gathered.count >= limit || (!gathered.isEmpty && steps >= Self.mostSteps)
    }

    private func look() throws -> LogScan {
        switch direction {
        case .following: try state.log.scan(after: position, limit: scanLimit, publishers: publishers)
        case .newest: try state.log.scan(before: position, limit: scanLimit, publishers: publishers)
        }
    }

    /// Bytes of an item in an answer.
    static func room(for entry: LogEntry, in state: InformationState) -> Int {
        let publisher = state.publishers[entry.publisher]?.record.jid.description.utf8.count ?? 0
        return ItemSize.escaped(entry.body) + publisher + 160
    }

    /// Whether the consumer may see the report, and it belongs to the node.
    func belongs(_ position: Int64, _ publisher: Int64) -> Bool {
        guard let serial = state.publishers.serial(publisher) else { return false }
        if let own = node.serial, own != serial { return false }
        return state.mayObserve(consumer, serial)
    }

    /// Those of which items are wanted; nil for all, also where too many are granted to be asked for one by one.
    private var publishers: [Int64]? {
        if let serial = node.serial { return state.publishers.number(of: serial).map { [$0] } ?? [] }
        return state.publishers(grantedTo: consumer)
    }

    /// Where all rows are looked at, most of them may not be visible.
    private var scanLimit: Int {
        let isExact = node.serial != nil || state.grants[consumer].all != nil || publishers != nil
        return isExact ? max(64, limit) : 4096
    }
}

extension InformationState {
    /// The numbers of the stations that a consumer is granted one by one; nil if it is granted all, or so many that going
    /// through the log is faster.
    func publishers(grantedTo consumer: JID) -> [Int64]? {
        let granted = grants[consumer]
        guard granted.all == nil, granted.stations.count <= configuration.stationsMerged else { return nil }
        return granted.stations.keys.compactMap { publishers.number(of: $0) }
    }
}

/// What requests for stored items may cost in one batch, all together: reports wait meanwhile.
struct ReadingBudget {
    /// Bodies that may be read.
    var bytes = 4 << 20
    /// Looks into the log, of half a millisecond each.
    var steps = 16

    var isSpent: Bool { bytes <= 0 || steps <= 0 }
}
