// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationCore
import StationModel

/// The log of reports: append-only segment files, each with an index that is folded once the segment is full.
///
/// What a batch appends is one frame, written and synced at once. Its place in the transaction: a frame names the
/// commit of the database without which it does not count. A batch that changed nothing else names the last commit
/// and is complete with its sync; one that did names the next, so it counts only if that commit came through. A frame
/// at the end that does not count, or is torn, was never acknowledged and is cut off at the next start.
final class SegmentLog {
    let folder: String
    /// A segment is sealed once it has so many bytes.
    let segmentBytes: Int
    /// Runs the folding of a sealed segment; its end is picked up by the next batch.
    let background: @Sendable (@escaping @Sendable () -> Void) -> Void
    @exclusivity(unchecked) var segments: [Segment] = []
    /// Bodies appended since the last flush.
    @exclusivity(unchecked) var pendingBodies: [UInt8] = []
    /// Places of the newest segment that are on the disk.
    @exclusivity(unchecked) var durableCount = 0
    /// What the operator is to be told.
    @exclusivity(unchecked) var notices: [StoreNotice] = []
    /// Whether batches wait for what is read, so that it has a limit in each of them.
    @exclusivity(unchecked) var isPaced = false
    @exclusivity(unchecked) var allowance = ReadingAllowance()
    /// What the background has done.
    let folded = Folded()
    /// Whether the operator knows that indexes cannot be written.
    @exclusivity(unchecked) private var isWriteFailureTold = false

    /// What reading may cost the batches that wait for it; renewed for each.
    struct ReadingAllowance {
        /// Indexes that are read as a whole, some 7 MB each.
        var checks = 1
        /// Segments in which something is looked for, some microseconds each.
        var visits = 4096
    }

    /// The most memory that is kept for the next batch.
    private static let keptBytes = 8 << 20

    init(
        folder: String, segmentBytes: Int = 64 << 20,
        background: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.folder = folder
        self.segmentBytes = min(max(segmentBytes, 4096), 1 << 30)
        self.background = background
    }

    func path(_ firstPosition: Int64, _ kind: String) -> String {
        let digits = String(firstPosition)
        return "\(folder)/\(String(repeating: "0", count: max(0, 19 - digits.count)))\(digits).\(kind)"
    }

    // MARK: - The transaction

    /// How far the log had come, to go back to.
    struct Mark {
        let segments: Int
        let places: Int
        let bytes: Int
    }

    var mark: Mark { Mark(segments: segments.count, places: segments.last?.count ?? 0, bytes: pendingBodies.count) }

    /// Forgets what was appended since the mark. An empty segment that was begun stays.
    func rollBack(to mark: Mark) {
        guard let last = segments.last, let table = last.table else { return }
        table.shrink(to: mark.segments == segments.count ? mark.places : 0)
        pendingBodies.removeSubrange(min(mark.bytes, pendingBodies.count)...)
    }

    /// Whether something was appended that is not on the disk yet.
    var isPending: Bool { (segments.last?.count ?? 0) > durableCount }

    /// Writes what was appended and syncs it; `generation` is the commit that it needs.
    func flush(generation: Int64) throws {
        guard isPending, let segment = segments.last, let table = segment.table else { return }
        let length = FrameHead.bytes + pendingBodies.count + (table.count - durableCount) * MemoryLayout<LogPlace>.stride
        var head = FrameHead(
            length: UInt32(truncatingIfNeeded: length), count: UInt32(truncatingIfNeeded: table.count - durableCount),
            generation: UInt64(bitPattern: generation), firstPosition: segment.firstPosition + Int64(durableCount))
        try table.places[durableCount...].withUnsafeBytes { places in
            head.checksum = head.checksum(with: places)
            try pendingBodies.withUnsafeBytes { bodies in
                try withUnsafeBytes(of: head) { try segment.file.write([$0, bodies, places], at: segment.bytes) }
            }
        }
        try segment.file.sync()
        segment.bytes += length
        durableCount = table.count
        if pendingBodies.capacity > Self.keptBytes {
            pendingBodies = []
        } else {
            pendingBodies.removeAll(keepingCapacity: true)
        }
    }

    // MARK: - Segments

    /// The segment for the next report: the newest, or a new one when that is full.
    func writable() throws -> (Segment, SegmentTable) {
        if let segment = segments.last, let table = segment.table, segment.bytes < segmentBytes || isPending {
            return (segment, table)
        }
        let first = segments.last?.end ?? 1
        // Those before the newest could not be written when it was their turn.
        for sealed in segments { fold(sealed) }
        let file = try SegmentFile(path: path(first, "segment"), create: true)
        try SegmentFile.syncFolder(folder)
        let table = SegmentTable()
        let segment = Segment(firstPosition: first, file: file, table: table)
        segments.append(segment)
        durableCount = 0
        return (segment, table)
    }

    /// Writes the index of a full segment, beside the batches that go on. Until it is there, the table stays in memory.
    func fold(_ segment: Segment) {
        guard let table = segment.table, segment.index == nil, !segment.isFolding else { return }
        segment.isFolding = true
        let (first, bytes, path) = (segment.firstPosition, segment.bytes, path(segment.firstPosition, "index"))
        background { [folded] in folded.append(Folded.write(table, firstPosition: first, bytes: bytes, to: path)) }
    }

    /// Takes the indexes that were written meanwhile in the place of tables.
    func takeFolded() {
        allowance = ReadingAllowance()
        for outcome in folded.take() {
            guard let segment = segments.first(where: { $0.firstPosition == outcome.firstPosition }) else { continue }
            segment.isFolding = false
            switch outcome {
            case .written(_, let table): take(table, segment)
            case .unwritten(_, let table, let why): keep(table, segment, why)
            case .damaged(_, let why):
                segment.damage = why
                _ = unreadable(segment, segment.positions, why)
            }
        }
    }

    private func take(_ table: SegmentTable, _ segment: Segment) {
        let path = path(segment.firstPosition, "index")
        let index = SegmentIndex(path: path, firstPosition: segment.firstPosition, segmentBytes: segment.bytes)
        guard let index else { return keep(table, segment, "cannot open \(path)") }
        segment.index = index.isJustWritten()
        segment.table = nil
        if isWriteFailureTold { isWriteFailureTold = segments.dropLast().contains { $0.table != nil } }
    }

    /// It is tried again when the next segment is full.
    private func keep(_ table: SegmentTable, _ segment: Segment, _ why: String) {
        segment.index = nil
        segment.table = table
        guard !isWriteFailureTold else { return }
        isWriteFailureTold = true
        notices.append(
            StoreNotice(
                .warning, "an index of the log cannot be written",
                "it stays in memory, some 7 MB for each full segment, until it can be written; make room on the disk: \(why)"))
    }
}
