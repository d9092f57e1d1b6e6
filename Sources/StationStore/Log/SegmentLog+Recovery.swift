// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Opening the log: every report that was acknowledged is there, or the log is refused.
extension SegmentLog {
    /// Opens the segments, cuts off what was never acknowledged, and folds what was left unfolded.
    ///
    /// - Parameters:
    ///   - generation: the last commit of the database.
    ///   - first: the first position that counts; segments that lie wholly before it were given up and are removed.
    ///   - position: the last position that the database knows; the log must reach it.
    /// - Returns: how many bytes were cut off.
    /// - Throws: `damaged` for a missing segment, a broken frame before the end, or an end before `position`.
    func open(generation: Int64, first: Int64 = 1, position: Int64) throws -> Int {
        try SegmentFile.makeFolder(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        for name in names where name.hasSuffix(".new") { unlink("\(folder)/\(name)") }
        let firsts = try counting(
            names.filter { $0.hasSuffix(".segment") }.compactMap { Int64($0.dropLast(8)) }.sorted(), from: first)
        var cut = 0
        for (number, first) in firsts.enumerated() {
            if let last = segments.last, last.end != first {
                throw StoreError(
                    .damaged, "the log \(folder) lacks reports \(last.end) to \(first - 1); put the last backup in its place")
            }
            let isLast = number == firsts.count - 1
            let file = try SegmentFile(path: path(first, "segment"))
            let size = try file.size()
            let index = isLast ? nil : SegmentIndex(path: path(first, "index"), firstPosition: first, segmentBytes: size)
            let segment = Segment(firstPosition: first, file: file, bytes: size, index: index)
            segments.append(segment)
            guard index == nil else {
                try checkGeneration(segment, generation)
                continue
            }
            cut += try scan(segment, size, generation: generation, mayBeTorn: isLast)
            if !isLast { fold(segment) }
        }
        durableCount = segments.last?.count ?? 0
        let end = try lastPosition()
        if end < position {
            throw StoreError(
                .damaged,
                "the log \(folder) ends at report \(end), but \(position) were acknowledged; put the last backup in its place")
        }
        return cut
    }

    /// The first positions of the segments that count; files of those that were given up before are removed.
    private func counting(_ firsts: [Int64], from first: Int64) throws -> [Int64] {
        guard firsts.contains(first) || (firsts.isEmpty && first == 1) else {
            throw StoreError(
                .damaged, "the log \(folder) lacks reports from \(first) on; put the last backup in its place")
        }
        for given in firsts where given < first { removeFiles(given) }
        return firsts.filter { $0 >= first }
    }

    /// A segment whose index spares its reading: does the database know at least its first commit?
    private func checkGeneration(_ segment: Segment, _ generation: Int64) throws {
        guard let head = try Self.head(segment.file, 0), head.isKnown,
            head.generation <= UInt64(bitPattern: generation)
        else {
            throw StoreError(
                .damaged,
                "the segment \(segment.file.path) is damaged, or newer than the database; put the last backup in its place")
        }
    }

    private static func head(_ file: SegmentFile, _ offset: Int) throws -> FrameHead? {
        var head = FrameHead(length: 0, count: 0, generation: 0, firstPosition: 0)
        let count = try withUnsafeMutableBytes(of: &head) { try file.read($0, at: offset) }
        return count == FrameHead.bytes ? head : nil
    }

    /// Whether the folder holds a frame that some commit of the database vouches for. Before the log is opened.
    func hasFrameOfCommit() throws -> Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return false }
        for name in names where name.hasSuffix(".segment") {
            let file = try SegmentFile(path: "\(folder)/\(name)", readOnly: true)
            var offset = 0
            while let head = try Self.head(file, offset), head.isKnown, head.length > 0 {
                if head.generation > 0 { return true }
                offset += Int(head.length)
            }
        }
        return false
    }

    /// Reads all frames of a segment into a table.
    func scan(_ segment: Segment, _ size: Int, generation: Int64, mayBeTorn: Bool) throws -> Int {
        let table = SegmentTable()
        segment.table = table
        let bytes = try contents(segment.file, size)
        try bytes.withUnsafeBytes { bytes in
            var at = 0
            while at < bytes.count {
                guard let head = FrameHead(intactIn: bytes, at: at), head.firstPosition == segment.end else { break }
                if head.generation > UInt64(bitPattern: generation) { break }
                for number in 0..<Int(head.count) {
                    guard let place = head.place(number, in: bytes, frameAt: at) else { throw damaged(segment) }
                    table.append(place)
                }
                at += Int(head.length)
            }
            segment.bytes = at
            // Behind the frame that was being written when the process ended, there is nothing.
            guard at == bytes.count || (mayBeTorn && !Self.hasFrame(bytes, behind: at)) else {
                throw damaged(segment, at: at)
            }
        }
        if segment.bytes < size { try segment.file.cut(to: segment.bytes) }
        return size - segment.bytes
    }

    private func contents(_ file: SegmentFile, _ size: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = try file.read(UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
    }

    /// Whether an intact frame stands anywhere behind a broken one.
    static func hasFrame(_ bytes: UnsafeRawBufferPointer, behind offset: Int) -> Bool {
        var at = offset + 1
        while at + FrameHead.bytes <= bytes.count {
            if FrameHead(intactIn: bytes, at: at) != nil { return true }
            at += 1
        }
        return false
    }
}
