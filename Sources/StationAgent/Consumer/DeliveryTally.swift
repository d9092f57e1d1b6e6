// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// What has come from one station, judged by its own numbers.
public struct StationTally: Hashable, Sendable {
    /// Deliveries, duplicates included.
    public private(set) var received = 0
    /// Deliveries of a number that had come before.
    public private(set) var duplicates = 0
    /// Numbers that came after a higher one.
    public private(set) var late = 0
    /// Numbers that the station itself gave up as lost.
    public private(set) var givenUp = 0
    /// The highest number so far; 0 before the first.
    public private(set) var highest: Int64 = 0
    private var open: Set<Int64> = []
    private var uncounted = 0

    /// The most missing numbers that are remembered one by one.
    static let openLimit = 10_000

    /// Numbers between the first and the highest that have not come.
    public var missing: Int { open.count + uncounted }

    /// Nothing has come.
    public init() {}

    /// A delivery.
    /// - Parameter gap: the station said that what is missing before this number is lost.
    public mutating func take(_ seq: Int64, gap: Bool = false) {
        received += 1
        if highest == 0 {
            highest = seq
        } else if seq > highest {
            let skipped = seq - highest - 1
            if gap {
                givenUp += Int(clamping: skipped)
            } else {
                let room = Int64(max(0, Self.openLimit - open.count))
                for number in 0..<min(skipped, room) { open.insert(highest + 1 + number) }
                uncounted += Int(clamping: skipped - min(skipped, room))
            }
            highest = seq
        } else if open.remove(seq) != nil {
            late += 1
        } else {
            duplicates += 1
        }
    }
}

/// What has come from all stations.
public struct DeliveryTally: Hashable, Sendable {
    /// By bare address.
    public private(set) var stations: [JID: StationTally] = [:]

    /// Nothing has come.
    public init() {}

    /// All deliveries.
    public var received: Int { stations.values.reduce(0) { $0 + $1.received } }
    /// All duplicates.
    public var duplicates: Int { stations.values.reduce(0) { $0 + $1.duplicates } }
    /// All that is missing.
    public var missing: Int { stations.values.reduce(0) { $0 + $1.missing } }

    /// A delivery.
    public mutating func take(_ delivery: Delivery) {
        stations[delivery.station, default: StationTally()].take(delivery.seq, gap: delivery.gap)
    }
}
