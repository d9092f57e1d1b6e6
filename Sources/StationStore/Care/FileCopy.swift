// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Copies the first bytes of a file into a new one, a megabyte at a time, and keeps their checksum. Each part is synced:
/// much that waits for the disk at once would hold up the batches that are synced beside it.
struct FileCopy {
    let source: SegmentFile
    let target: SegmentFile
    let bytes: Int
    private(set) var done = 0
    private(set) var checksum: UInt32 = 0

    init(_ source: SegmentFile, bytes: Int, to path: String) throws {
        self.source = source
        self.bytes = bytes
        target = try SegmentFile(path: path, create: true)
        if bytes == 0 { try target.sync() }
    }

    var isDone: Bool { done >= bytes }

    /// Copies some more, and sees it onto the disk.
    mutating func step() throws {
        let part = try Self.read(source, at: done, upTo: bytes)
        guard !part.isEmpty else {
            throw StoreError(.damaged, "\(source.path) is shorter than it was; put the last backup in its place")
        }
        try part.withUnsafeBytes { part in
            checksum = CRC32C.checksum(part, after: checksum)
            try target.write([part], at: done)
        }
        try target.sync()
        done += part.count
    }

    private static func read(_ file: SegmentFile, at offset: Int, upTo end: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: max(0, min(1 << 20, end - offset))) { buffer, count in
            count = try file.read(UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }

    /// The checksum of a whole file and its length.
    static func checksum(of path: String) throws -> (bytes: Int, checksum: UInt32) {
        let file = try SegmentFile(path: path, readOnly: true)
        let size = try file.size()
        var done = 0
        var checksum: UInt32 = 0
        while done < size {
            let part = try read(file, at: done, upTo: size)
            if part.isEmpty { break }
            part.withUnsafeBytes { checksum = CRC32C.checksum($0, after: checksum) }
            done += part.count
        }
        return (done, checksum)
    }
}
