// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// The index file of a sealed segment, mapped into memory.
///
/// A head, all places by position, a directory of publishers (ascending), and behind it the indexes of each publisher's
/// places by position. Made once when the segment is sealed, and made anew from the segment if it
/// is missing or does not match.
final class SegmentIndex: @unchecked Sendable {
    /// 64 bytes, little-endian.
    struct Head: BitwiseCopyable {
        /// `SMi3`.
        static let mark: UInt32 = 0x3369_4D53
        /// `SMi2`, the older form: its places do not have the checksums of their bodies.
        static let olderMark: UInt32 = 0x3269_4D53
        /// Where the bytes begin that the checksum covers.
        static let covered = 8
        var mark = Head.mark
        /// Of all that follows this field.
        var checksum: UInt32 = 0
        var firstPosition: Int64
        var count: UInt32
        var publishers: UInt32
        /// Bytes of the segment file that it describes.
        var segmentBytes: UInt64
        /// The earliest and latest time of storing, in milliseconds since 1970.
        var earliest: Int64
        var latest: Int64
        /// 1 if the times of storing never go back.
        var isOrdered: UInt64
        var reserved: UInt64 = 0
    }

    private struct Entry: BitwiseCopyable {
        var publisher: UInt32
        /// Where its run begins; it ends where the next one begins. The high bit says that some of it came late.
        var start: UInt32

        static let lateMark: UInt32 = 1 << 31
        var offset: Int { Int(start & ~Self.lateMark) }
    }

    /// The places of one publisher, by position.
    struct Run {
        /// Indexes of places, ascending.
        let indexes: UnsafeBufferPointer<UInt32>
        /// Whether the sequences do not ascend.
        let hasLate: Bool
    }

    let head: Head
    private let map: UnsafeRawBufferPointer
    private let places: UnsafeBufferPointer<LogPlace>
    private let directory: UnsafeBufferPointer<Entry>
    private let runs: UnsafeBufferPointer<UInt32>
    /// Of publishers with late reports whose old ones were asked for; used by the core thread alone.
    @exclusivity(unchecked) private var sequences: [UInt32: SequenceRun] = [:]
    /// 0 while nobody has read all of it, then whether it is what was written.
    private let soundness = Atomic<UInt8>(0)

    deinit { munmap(UnsafeMutableRawPointer(mutating: map.baseAddress), map.count) }

    /// Maps the file; nil if there is none, or if it does not describe this segment.
    init?(path: String, firstPosition: Int64, segmentBytes: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) >= MemoryLayout<Head>.size,
            let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else { return nil }
        let map = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
        let head = map.loadUnaligned(as: Head.self)
        let placesStart = MemoryLayout<Head>.size
        let directoryStart = placesStart + Int(head.count) * MemoryLayout<LogPlace>.stride
        let runsStart = directoryStart + (Int(head.publishers) + 1) * MemoryLayout<Entry>.stride
        guard head.mark == Head.mark || head.mark == Head.olderMark, head.firstPosition == firstPosition, head.segmentBytes == UInt64(segmentBytes),
            map.count == runsStart + Int(head.count) * 4
        else {
            munmap(base, map.count)
            return nil
        }
        self.head = head
        self.map = map
        places = UnsafeBufferPointer(
            start: (base + placesStart).assumingMemoryBound(to: LogPlace.self), count: Int(head.count))
        directory = UnsafeBufferPointer(
            start: (base + directoryStart).assumingMemoryBound(to: Entry.self), count: Int(head.publishers) + 1)
        runs = UnsafeBufferPointer(start: (base + runsStart).assumingMemoryBound(to: UInt32.self), count: Int(head.count))
    }

    var count: Int { places.count }

    /// Whether places have the checksums of their bodies.
    var hasChecksums: Bool { head.mark == Head.mark }

    func place(_ index: Int) -> LogPlace? { places.indices.contains(index) ? places[index] : nil }

    /// The places of a publisher.
    func run(_ publisher: UInt32) -> Run {
        let low = Self.first(below: directory.count - 1) { directory[$0].publisher >= publisher }
        guard low + 1 < directory.count, directory[low].publisher == publisher else {
            return Run(indexes: UnsafeBufferPointer(start: nil, count: 0), hasLate: false)
        }
        let start = min(directory[low].offset, runs.count)
        let end = max(start, min(directory[low + 1].offset, runs.count))
        return Run(
            indexes: UnsafeBufferPointer(rebasing: runs[start..<end]),
            hasLate: directory[low].start & Entry.lateMark != 0)
    }

    /// Looks for a publisher's report with this sequence.
    func find(_ publisher: UInt32, sequence: Int64) -> SequenceSearch {
        let run = run(publisher)
        func place(_ number: Int) -> LogPlace? { self.place(Int(run.indexes[number])) }
        guard run.hasLate else {
            let low = Self.first(below: run.indexes.count) { place($0)?.sequence ?? .max >= sequence }
            if low < run.indexes.count, place(low)?.sequence == sequence { return .found(Int(run.indexes[low])) }
            return low > 0 ? .nowhere : .notHere
        }
        if run.indexes.count > SequenceRun.steps {
            let sorted = sequences[publisher] ?? SequenceRun(run.indexes, newest: 0, in: places)
            sequences[publisher] = sorted
            return sorted.find(sequence, in: places)
        }
        var isBehind = false
        for index in run.indexes {
            guard let place = self.place(Int(index)) else { continue }
            if place.sequence == sequence { return .found(Int(index)) }
            isBehind = isBehind || (!place.isLate && place.sequence < sequence)
        }
        return isBehind ? .nowhere : .notHere
    }

    /// The first number in `0..<count` that fits, given that all after it do; `count` if none does.
    static func first(below count: Int, where fits: (Int) -> Bool) -> Int {
        var low = 0
        var high = max(0, count)
        while low < high {
            let middle = (low + high) / 2
            if fits(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Whether the file holds what was written. Reads all of it.
    func isIntact() -> Bool {
        CRC32C.checksum(UnsafeRawBufferPointer(rebasing: map[Head.covered...])) == head.checksum
    }

    /// The same, looked at once. From any thread.
    func isSound() -> Bool {
        let known = soundness.load(ordering: .relaxed)
        if known != 0 { return known == 1 }
        let isSound = isIntact()
        soundness.store(isSound ? 1 : 2, ordering: .relaxed)
        return isSound
    }

    /// What is known without reading it; nil while nobody has read all of it.
    var knownSoundness: Bool? {
        let known = soundness.load(ordering: .relaxed)
        return known == 0 ? nil : known == 1
    }

    /// It has just been written, and need not be read again.
    func isJustWritten() -> SegmentIndex {
        soundness.store(1, ordering: .relaxed)
        return self
    }

    // MARK: - Making one

    /// Writes the index of a sealed segment beside it: a new file, synced, then renamed.
    static func write(_ table: SegmentTable, firstPosition: Int64, segmentBytes: Int, to path: String) throws {
        let places = table.places
        let order = ordered(places)
        var directory: [Entry] = []
        for (start, index) in order.enumerated() {
            let publisher = places[Int(index)].publisher
            if directory.last?.publisher != publisher {
                directory.append(Entry(publisher: publisher, start: UInt32(truncatingIfNeeded: start)))
            }
            if places[Int(index)].isLate { directory[directory.count - 1].start |= Entry.lateMark }
        }
        let publishers = directory.count
        directory.append(Entry(publisher: .max, start: UInt32(truncatingIfNeeded: order.count)))
        var head = Head(
            firstPosition: firstPosition, count: UInt32(truncatingIfNeeded: places.count),
            publishers: UInt32(truncatingIfNeeded: publishers), segmentBytes: UInt64(segmentBytes),
            earliest: places.map(\.received).min() ?? 0, latest: places.map(\.received).max() ?? 0,
            isOrdered: zip(places, places.dropFirst()).allSatisfy { $0.received <= $1.received } ? 1 : 0)
        let draft = path + ".new"
        unlink(draft)
        let file = try SegmentFile(path: draft, create: true)
        try places.withUnsafeBytes { places in
            try directory.withUnsafeBytes { directory in
                try order.withUnsafeBytes { order in
                    let covered = withUnsafeBytes(of: head) { bytes in
                        CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[Head.covered...]))
                    }
                    head.checksum = [places, directory, order].reduce(covered) { CRC32C.checksum($1, after: $0) }
                    try withUnsafeBytes(of: head) { try file.write([$0, places, directory, order], at: 0) }
                }
            }
        }
        try file.sync()
        guard rename(draft, path) == 0 else { throw SegmentFile.failure("rename", draft) }
    }

    /// Indexes by publisher, then by position: a counting sort.
    private static func ordered(_ places: [LogPlace]) -> [UInt32] {
        let highest = Int(places.map(\.publisher).max() ?? 0)
        var starts = [UInt32](repeating: 0, count: highest + 2)
        for place in places { starts[Int(place.publisher) + 1] += 1 }
        for publisher in 1..<starts.count { starts[publisher] += starts[publisher - 1] }
        var order = [UInt32](repeating: 0, count: places.count)
        var next = starts
        for (index, place) in places.enumerated() {
            order[Int(next[Int(place.publisher)])] = UInt32(truncatingIfNeeded: index)
            next[Int(place.publisher)] += 1
        }
        return order
    }
}
