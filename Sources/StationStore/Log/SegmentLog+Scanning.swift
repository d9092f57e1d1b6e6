// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore

/// Looks for reports of some publishers without reading one, a bounded number of places at a time.
extension SegmentLog {
    /// How many places one look goes through, about: half a millisecond.
    private static let workLimit = 32_768
    /// What finding a publisher in an index costs, in places.
    private static let lookUpWork = 8

    func publisher(at position: Int64) throws -> Int64? {
        guard let segment = segment(of: position) else { return nil }
        guard try isAtHand(segment) else { throw StoreBusy() }
        return segment.place(Int(position - segment.firstPosition)).map { Int64($0.publisher) }
    }

    func scan(after position: Int64, limit: Int, publishers: [Int64]?) throws -> LogScan {
        try scan(after: position, limit: limit, publishers: publishers, storedWithin: nil)
    }

    /// - Parameter times: milliseconds since 1970; only reports that were stored within them.
    func scan(
        after position: Int64, limit: Int, publishers: [Int64]?, storedWithin times: ClosedRange<Int64>?
    ) throws -> LogScan {
        guard limit > 0 else { return LogScan(reached: position) }
        let begin = max(0, position)
        var scan = LogScan(reached: begin)
        var search = Search(publishers, limit, times)
        for segment in segments where segment.end - 1 > scan.reached {
            guard try goesOn(&scan, with: segment, isUnderWay: scan.reached > begin) else { return scan }
            let start = Int(max(0, scan.reached &+ 1 - segment.firstPosition))
            let reached = search.forward(segment, start, &scan.found, limit)
            scan.reached = segment.firstPosition + Int64(reached) - 1
            guard reached == segment.count, search.goesOn(scan.found.count < limit) else {
                scan.isEnd = scan.reached >= (try lastPosition())
                return scan
            }
        }
        scan.reached = max(scan.reached, try lastPosition())
        scan.isEnd = true
        return scan
    }

    func scan(before position: Int64, limit: Int, publishers: [Int64]?) throws -> LogScan {
        guard limit > 0 else { return LogScan(reached: position) }
        let begin = min(max(0, position), try lastPosition() + 1)
        var scan = LogScan(reached: begin)
        var search = Search(publishers, limit, nil)
        for segment in segments.reversed() where segment.firstPosition < scan.reached {
            guard try goesOn(&scan, with: segment, isUnderWay: scan.reached < begin) else { return scan }
            let end = Int(min(Int64(segment.count), scan.reached - segment.firstPosition))
            let reached = search.backward(segment, end, &scan.found, limit)
            scan.reached = segment.firstPosition + Int64(reached)
            guard reached == 0, search.goesOn(scan.found.count < limit) else {
                scan.isEnd = scan.reached <= (try firstPosition())
                return scan
            }
        }
        scan.isEnd = true
        return scan
    }

    /// Whether a look can go on with a segment: it ends before one that cannot be read now, and one that has come some way
    /// also before what cannot be read any more.
    ///
    /// - Throws: ``StoreDamage`` if it would begin there.
    private func goesOn(_ scan: inout LogScan, with segment: Segment, isUnderWay: Bool) throws -> Bool {
        do { scan.isHeld = try !isAtHand(segment) } catch let damage as StoreDamage {
            guard isUnderWay else { throw damage }
            return false
        }
        return !scan.isHeld
    }

    /// One look: whose reports are wanted, and how much work was done.
    private struct Search {
        /// Nil: everybody's.
        let numbers: [UInt32]?
        private var members: Set<UInt32> = []
        /// When they were stored; nil for any time.
        private let times: ClosedRange<Int64>?
        private var work = 0

        init(_ publishers: [Int64]?, _ limit: Int, _ times: ClosedRange<Int64>?) {
            self.times = times
            numbers = publishers?.compactMap { UInt32(exactly: $0) }
            if let numbers { members = Set(numbers) }
        }

        /// Whether another segment may be looked at.
        func goesOn(_ hasRoom: Bool) -> Bool { hasRoom && work < SegmentLog.workLimit }

        /// Whether the index of publishers finds them sooner than going through the places.
        private func usesIndex(_ segment: Segment, _ places: Int) -> [UInt32]? {
            guard let numbers, numbers.count * SegmentLog.lookUpWork < places else { return nil }
            // A table has a chain for each publisher; several of them are as long a way as all places.
            return segment.table == nil || numbers.count == 1 ? numbers : nil
        }

        /// Goes through a segment from `start` on.
        ///
        /// - Returns: the first index that was not looked at.
        mutating func forward(_ segment: Segment, _ start: Int, _ found: inout [LogScan.Place], _ limit: Int) -> Int {
            var (start, end) = (start, segment.count)
            if let times {
                guard segment.mayHold(times) else { return end }
                let bounds = segment.indexes(storedWithin: times, of: numbers?.count == 1 ? numbers?.first : nil)
                (start, end) = (max(start, bounds.lowerBound), bounds.upperBound)
                guard start < end else { return segment.count }
            }
            if let numbers = usesIndex(segment, segment.count - start) {
                work += numbers.count * SegmentLog.lookUpWork
                let room = limit - found.count
                var indexes: [Int] = []
                var bound = end
                for number in numbers {
                    indexes += segment.following(start, of: number, limit: room).prefix { $0 < bound }
                    guard indexes.count >= 4 * room else { continue }
                    indexes = Array(indexes.sorted().prefix(room))
                    bound = indexes.last ?? bound
                }
                indexes = Array(indexes.sorted().prefix(room))
                work += indexes.count
                found += indexes.compactMap { place(segment, $0) }
                return indexes.count == room ? (indexes.last ?? start - 1) + 1 : segment.count
            }
            var index = start
            while index < end, found.count < limit, work < SegmentLog.workLimit {
                take(segment, index, &found)
                index += 1
            }
            return index < end ? index : segment.count
        }

        /// Goes through a segment from the place before `end` backwards.
        ///
        /// - Returns: the lowest index that was looked at.
        mutating func backward(_ segment: Segment, _ end: Int, _ found: inout [LogScan.Place], _ limit: Int) -> Int {
            if let numbers = usesIndex(segment, end) {
                work += numbers.count * SegmentLog.lookUpWork
                let room = limit - found.count
                var indexes: [Int] = []
                var bound = -1
                for number in numbers {
                    indexes += segment.preceding(end, of: number, limit: room).prefix { $0 > bound }
                    guard indexes.count >= 4 * room else { continue }
                    indexes = Array(indexes.sorted(by: >).prefix(room))
                    bound = indexes.last ?? bound
                }
                indexes = Array(indexes.sorted(by: >).prefix(room))
                found += indexes.compactMap { place(segment, $0) }
                return indexes.count == room ? indexes.last ?? end : 0
            }
            var index = end
            while index > 0, found.count < limit, work < SegmentLog.workLimit {
                index -= 1
                take(segment, index, &found)
            }
            return index
        }

        @inline(__always)
        private mutating func take(_ segment: Segment, _ index: Int, _ found: inout [LogScan.Place]) {
            work += 1
            guard let place = place(segment, index),
                numbers == nil || members.contains(UInt32(truncatingIfNeeded: place.publisher))
            else { return }
            found.append(place)
        }

        private func place(_ segment: Segment, _ index: Int) -> LogScan.Place? {
            guard let place = segment.place(index), times?.contains(place.received) ?? true else { return nil }
            return LogScan.Place(position: segment.firstPosition + Int64(index), publisher: Int64(place.publisher))
        }
    }
}
