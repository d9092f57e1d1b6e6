// SPDX-License-Identifier: Apache-2.0
import StationCore

/// Where reports wait for live subscribers while their station is suspected of one for which the server closes the stream.
/// They go out one at a time; those of other stations pass by. Positions only: the log has the rest.
struct LiveProbation {
    /// A report that waits.
    struct Place: Hashable {
        let position: Int64
        let publisher: Int64
    }

    /// How many may wait; beyond it the newest are dropped, and counted as lost.
    static let most = 4096

    private var places: [Place] = []
    private var next = 0
    /// How many wait of a station.
    private var counts: [Int64: Int] = [:]

    var isEmpty: Bool { next == places.count }
    var first: Place? { isEmpty ? nil : places[next] }

    /// Whether a report of the station has to queue up, so that its reports stay in order.
    func holds(_ publisher: Int64) -> Bool { !isEmpty && counts[publisher] != nil }

    /// False if there is no room.
    mutating func append(_ position: Int64, of publisher: Int64) -> Bool {
        guard places.count &- next < Self.most else { return false }
        places.append(Place(position: position, publisher: publisher))
        counts[publisher, default: 0] += 1
        return true
    }

    mutating func removeFirst() {
        guard let first else { return }
        next &+= 1
        if let count = counts[first.publisher] { counts[first.publisher] = count > 1 ? count - 1 : nil }
        if next == places.count || next > Self.most {
            places.removeSubrange(..<next)
            next = 0
        }
    }
}
