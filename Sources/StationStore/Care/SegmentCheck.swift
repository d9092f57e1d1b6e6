// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reads one segment frame by frame: checksums, positions and places, and at its end the index beside it.
struct SegmentCheck {
    let part: StoreSnapshot.Part
    /// The last commit of the database: no frame may need a later one.
    let generation: Int64
    /// The first damage; nothing is read behind it.
    private(set) var problem: String?
    private(set) var offset = 0
    private(set) var table = SegmentTable()
    /// Whether something stands behind the last frame that a start would cut off.
    private var isTorn = false

    init(_ part: StoreSnapshot.Part, generation: Int64) {
        self.part = part
        self.generation = generation
    }

    var isDone: Bool { problem != nil || isTorn || offset >= part.bytes }
    /// The position behind the last report that was read.
    var end: Int64 { part.firstPosition &+ Int64(table.count) }

    /// Reads some megabytes more; `each` gets every place with its position.
    mutating func step(_ each: (LogPlace, Int64) -> Void) throws {
        var budget = 4 << 20
        while budget > 0, !isDone {
            let length = try frame(each)
            guard length > 0 else { break }
            budget -= length
        }
        if isDone, problem == nil, let count = part.count, count != table.count {
            damaged("holds \(table.count) reports and should hold \(count)")
        }
    }

    private mutating func damaged(_ what: String) {
        problem = "the segment \(part.file.path) \(what); put the last backup in its place (stationmaster restore)"
    }

    /// What is no frame that counts may be what a crash left of one, by the rule of the start: see ``SegmentLog/scan``.
    private mutating func broken(_ what: String) throws {
        guard part.mayBeTorn else { return damaged(what) }
        let rest = try [UInt8](unsafeUninitializedCapacity: part.bytes - offset) { buffer, count in
            count = try part.file.read(UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
        isTorn = !rest.withUnsafeBytes { SegmentLog.hasFrame($0, behind: 0) }
        if !isTorn { damaged(what) }
    }

    /// One frame; its length, or 0 if none that counts is there.
    private mutating func frame(_ each: (LogPlace, Int64) -> Void) throws -> Int {
        let start = offset
        var head = FrameHead(length: 0, count: 0, generation: 0, firstPosition: 0)
        let read = try withUnsafeMutableBytes(of: &head) { try part.file.read($0, at: start) }
        let length = Int(head.length)
        guard read == FrameHead.bytes, head.isKnown, length >= FrameHead.bytes, length <= part.bytes - start
        else {
            try broken("is damaged at byte \(start)")
            return 0
        }
        let bytes = try [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = try part.file.read(UnsafeMutableRawBufferPointer(buffer), at: start)
        }
        let flaw: String? = bytes.withUnsafeBytes { bytes in
            guard let head = FrameHead(intactIn: bytes, at: 0) else { return "is damaged at byte \(start)" }
            guard head.firstPosition == end else {
                return "has report \(head.firstPosition) where report \(end) should be"
            }
            guard head.generation <= UInt64(bitPattern: generation) else {
                return "is ahead of the database from report \(end) on"
            }
            places(of: head, in: bytes, from: start, each)
            return nil
        }
        if let flaw { try broken(flaw) }
        guard !isDone else { return 0 }
        offset += length
        return length
    }

    private mutating func places(
        of head: FrameHead, in bytes: UnsafeRawBufferPointer, from start: Int, _ each: (LogPlace, Int64) -> Void
    ) {
        let bodies = bytes.count - Int(head.count) * MemoryLayout<LogPlace>.stride
        var next = start + FrameHead.bytes
        for index in 0..<Int(head.count) {
            guard let place = head.place(index, in: bytes, from: start, frameAt: start), Int(place.offset) == next else {
                return damaged("has a report of the wrong size at byte \(next)")
            }
            next += place.length
            each(place, end)
            table.append(place)
        }
        if next != start + bodies { damaged("has bytes that belong to no report at byte \(next)") }
    }

    /// Compares the index, if there is one. A segment without an index is read when the store is opened.
    func indexProblem() -> String? {
        guard part.isSealed, problem == nil, access(part.indexPath, F_OK) == 0 else { return nil }
        let sentence =
            "the index \(part.indexPath) does not fit its segment; stop the component and remove the .index file, "
            + "it is made anew at the next start"
        guard let index = SegmentIndex(path: part.indexPath, firstPosition: part.firstPosition, segmentBytes: part.bytes),
            index.isIntact(), index.count == table.count
        else { return sentence }
        var publishers: Set<UInt32> = []
        for (number, place) in table.places.enumerated() {
            guard var found = index.place(number) else { return sentence }
            if !index.hasChecksums { found.checksum = place.checksum }
            guard found == place else { return sentence }
            publishers.insert(place.publisher)
        }
        for publisher in publishers {
            let own = table.newest(publisher, in: 0..<table.count, limit: .max)
            guard index.run(publisher).indexes.elementsEqual(own.reversed().map { UInt32($0) }) else { return sentence }
        }
        return nil
    }
}
