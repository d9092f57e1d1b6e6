// SPDX-License-Identifier: Apache-2.0

/// The table of a segment that is being written, or whose index is not on disk yet: all places by position, and for each
/// publisher a chain of its places, the newest first.
final class SegmentTable: @unchecked Sendable {
    // Written by the core thread until the segment is sealed, read by anyone afterwards.
    @exclusivity(unchecked) private(set) var places: [LogPlace] = []
    /// By place: the place of the publisher's report before it and one; 0 for none.
    @exclusivity(unchecked) private var previous: [UInt32] = []
    /// By publisher's number: its newest place and one; 0 for none.
    @exclusivity(unchecked) private var heads: [UInt32] = []
    /// Of publishers whose old reports were asked for; used by the core thread alone.
    @exclusivity(unchecked) private var runs: [UInt32: SequenceRun] = [:]

    /// No report was stored before or after these times, in milliseconds since 1970.
    @exclusivity(unchecked) private(set) var earliest = Int64.max
    @exclusivity(unchecked) private(set) var latest = Int64.min
    /// Whether the times of storing never go back.
    @exclusivity(unchecked) private(set) var isOrdered = true

    var count: Int { places.count }

    func append(_ place: LogPlace) {
        let publisher = Int(place.publisher)
        if publisher >= heads.count {
            heads.append(contentsOf: repeatElement(0, count: max(publisher + 1 - heads.count, heads.count)))
        }
        if place.received < latest { isOrdered = false }
        earliest = min(earliest, place.received)
        latest = max(latest, place.received)
        previous.append(heads[publisher])
        places.append(place)
        heads[publisher] = UInt32(truncatingIfNeeded: places.count)
    }

    /// Forgets the places from `count` on.
    func shrink(to count: Int) {
        while places.count > count, let last = places.popLast(), let earlier = previous.popLast() {
            heads[Int(last.publisher)] = earlier
        }
        if !runs.isEmpty { runs = runs.filter { $0.value.newest <= count } }
    }

    /// The newest place of a publisher and one; 0 for none.
    func head(_ publisher: UInt32) -> UInt32 { Int(publisher) < heads.count ? heads[Int(publisher)] : 0 }

    /// The indexes of a publisher's places that are in the range, the newest first, `limit` at most.
    func newest(_ publisher: UInt32, in range: Range<Int>, limit: Int) -> [Int] {
        var found: [Int] = []
        var next = head(publisher)
        while next != 0, found.count < limit {
            let index = Int(next) - 1
            if index < range.lowerBound { break }
            if index < range.upperBound { found.append(index) }
            next = previous[index]
        }
        return found
    }

    /// Looks for a publisher's report with this sequence.
    func find(_ publisher: UInt32, sequence: Int64) -> SequenceSearch {
        var next = head(publisher)
        let run = runs[publisher]
        for _ in 0..<SequenceRun.steps {
            guard next != 0 else { return .notHere }
            if let run, next <= run.newest { return run.find(sequence, in: places) }
            let index = Int(next) - 1
            let place = places[index]
            if place.sequence == sequence { return .found(index) }
            if place.sequence < sequence, !place.isLate { return .nowhere }
            next = previous[index]
        }
        let all = newest(publisher, in: 0..<places.count, limit: .max).map { UInt32(truncatingIfNeeded: $0) }
        let made = SequenceRun(all, newest: head(publisher), in: places)
        runs[publisher] = made
        return made.find(sequence, in: places)
    }
}
