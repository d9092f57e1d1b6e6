// SPDX-License-Identifier: Apache-2.0

/// What a segment says of a number that a station has sent.
enum SequenceSearch: Equatable {
    /// The index of the report.
    case found(Int)
    /// It may be in an older segment.
    case notHere
    /// It is in no older segment either: a report of this one that was not late has a lower number, so all of the station's
    /// reports before that one have still lower ones.
    case nowhere
}

/// The places of one publisher by sequence, for one that sends old numbers again and again: its chain is walked once, not
/// for each of them.
struct SequenceRun {
    /// The newest place that is among them, and one.
    let newest: UInt32
    /// Indexes of places by sequence.
    private let indexes: [UInt32]
    /// The lowest sequence of one that was not late.
    private let lowestInTime: Int64

    /// So many steps are as cheap as a search.
    static let steps = 1024

    init(_ indexes: some Sequence<UInt32>, newest: UInt32, in places: some RandomAccessCollection<LogPlace>) {
        self.newest = newest
        self.indexes = indexes.sorted { Self.place($0, places)?.sequence ?? .max < Self.place($1, places)?.sequence ?? .max }
        let inTime = self.indexes.lazy.compactMap { Self.place($0, places) }.first { !$0.isLate }
        lowestInTime = inTime?.sequence ?? .max
    }

    func find(_ sequence: Int64, in places: some RandomAccessCollection<LogPlace>) -> SequenceSearch {
        let low = SegmentIndex.first(below: indexes.count) { Self.place(indexes[$0], places)?.sequence ?? .max >= sequence }
        if low < indexes.count, Self.place(indexes[low], places)?.sequence == sequence { return .found(Int(indexes[low])) }
        return lowestInTime < sequence ? .nowhere : .notHere
    }

    private static func place(_ index: UInt32, _ places: some RandomAccessCollection<LogPlace>) -> LogPlace? {
        guard Int(index) < places.count else { return nil }
        return places[places.index(places.startIndex, offsetBy: Int(index))]
    }
}
