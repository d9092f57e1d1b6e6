// SPDX-License-Identifier: Apache-2.0

/// One file of the log: the reports from one position on, with a table in memory or an index on disk.
final class Segment {
    let firstPosition: Int64
    let file: SegmentFile
    /// Bytes of complete frames.
    @exclusivity(unchecked) var bytes: Int
    /// While it is written, and until its index is there.
    @exclusivity(unchecked) var table: SegmentTable?
    @exclusivity(unchecked) var index: SegmentIndex?
    /// Whether its index is being written.
    @exclusivity(unchecked) var isFolding = false
    /// Why nothing of it can be read: its index was not what was written, and it could not be made anew.
    @exclusivity(unchecked) var damage: String?
    /// Whether the operator was told that something of it cannot be read.
    @exclusivity(unchecked) var isDamageTold = false

    init(firstPosition: Int64, file: SegmentFile, bytes: Int = 0, table: SegmentTable? = nil, index: SegmentIndex? = nil) {
        self.firstPosition = firstPosition
        self.file = file
        self.bytes = bytes
        self.table = table
        self.index = index
    }

    var count: Int { table?.count ?? index?.count ?? 0 }

    /// The position behind the last report.
    var end: Int64 { firstPosition &+ Int64(count) }

    /// Whether places have the checksums of their bodies.
    var hasChecksums: Bool { table != nil || index?.hasChecksums ?? false }

    /// All of its positions.
    var positions: ClosedRange<Int64> { firstPosition...max(firstPosition, end - 1) }

    func place(_ index: Int) -> LogPlace? {
        if let table { return table.places.indices.contains(index) ? table.places[index] : nil }
        return self.index?.place(index)
    }

    /// Looks for a publisher's report with this sequence.
    func find(_ publisher: UInt32, sequence: Int64) -> SequenceSearch {
        table?.find(publisher, sequence: sequence) ?? index?.find(publisher, sequence: sequence) ?? .notHere
    }

    /// Up to `limit` indexes of a publisher's places from `start` on, ascending.
    func following(_ start: Int, of publisher: UInt32, limit: Int) -> [Int] {
        guard let table else {
            guard let run = index?.run(publisher).indexes else { return [] }
            let first = SegmentIndex.first(below: run.count) { Int(run[$0]) >= start }
            return run[first...].prefix(limit).map(Int.init)
        }
        // A busy publisher is found sooner by looking ahead, a rare one by its chain.
        let near = (start..<max(start, min(table.count, start &+ Self.lookAhead)))
            .lazy.filter { table.places[$0].publisher == publisher }.prefix(limit)
        let found = Array(near)
        if found.count == limit { return found }
        return table.newest(publisher, in: start..<table.count, limit: .max).reversed().prefix(limit).map { $0 }
    }

    /// Up to `limit` indexes of a publisher's places before `end`, descending.
    func preceding(_ end: Int, of publisher: UInt32, limit: Int) -> [Int] {
        guard let table else {
            guard let run = index?.run(publisher).indexes else { return [] }
            let first = SegmentIndex.first(below: run.count) { Int(run[$0]) >= end }
            return run[..<first].suffix(limit).reversed().map(Int.init)
        }
        return table.newest(publisher, in: 0..<min(end, table.count), limit: limit)
    }

    /// Whether something of it was stored within these milliseconds since 1970, as far as that is known at once.
    func mayHold(_ range: ClosedRange<Int64>) -> Bool {
        if let table { return table.earliest <= range.upperBound && table.latest >= range.lowerBound }
        guard let head = index?.head else { return true }
        return head.earliest <= range.upperBound && head.latest >= range.lowerBound
    }

    /// The indexes between which places may be of these times, of one publisher or of all.
    func indexes(storedWithin times: ClosedRange<Int64>, of publisher: UInt32?) -> Range<Int> {
        guard table?.isOrdered ?? (index?.head.isOrdered == 1) else { return 0..<count }
        let run = table == nil ? publisher.flatMap { index?.run($0).indexes } : nil
        let number = run?.count ?? count
        func received(_ number: Int) -> Int64 { place(run.map { Int($0[number]) } ?? number)?.received ?? .max }
        let low = SegmentIndex.first(below: number) { received($0) >= times.lowerBound }
        let high = SegmentIndex.first(below: number) { received($0) > times.upperBound }
        guard low < high else { return count..<count }
        return run.map { Int($0[low])..<(Int($0[high - 1]) + 1) } ?? low..<high
    }

    private static let lookAhead = 4096
}
