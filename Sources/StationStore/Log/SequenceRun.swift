// SPDX-License-Identifier: Apache-2.0

/// The places of one publisher by sequence, for one that sends old numbers again and again: its chain is walked once, not
/// for each of them.
struct SequenceRun {
    /// The newest place that is among them, and one.
    let newest: UInt32
    /// Indexes of places by sequence.
    private let indexes: [UInt32]

    /// So many steps are as cheap as a search.
    static let steps = 1024

    init(_ indexes: some Sequence<UInt32>, newest: UInt32, in places: some RandomAccessCollection<LogPlace>) {
        self.newest = newest
        self.indexes = indexes.sorted { Self.sequence($0, places) < Self.sequence($1, places) }
    }

    func find(_ sequence: Int64, in places: some RandomAccessCollection<LogPlace>) -> Int? {
        let low = SegmentIndex.first(below: indexes.count) { Self.sequence(indexes[$0], places) >= sequence }
        guard low < indexes.count, Self.sequence(indexes[low], places) == sequence else { return nil }
        return Int(indexes[low])
    }

    private static func sequence(_ index: UInt32, _ places: some RandomAccessCollection<LogPlace>) -> Int64 {
        guard Int(index) < places.count else { return .max }
        return places[places.index(places.startIndex, offsetBy: Int(index))].sequence
    }
}
