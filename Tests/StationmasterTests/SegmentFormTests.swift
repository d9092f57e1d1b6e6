// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
@testable import StationStore
import Testing

@Suite("The older form of the log")
struct SegmentFormTests {
    /// Frames whose checksum covers the bodies, and places without checksums.
    private static func makeOlder(segment url: URL) throws {
        var data = try Data(contentsOf: url)
        try data.withUnsafeMutableBytes { bytes in
            var at = 0
            while at < bytes.count {
                var head = try #require(FrameHead(intactIn: UnsafeRawBufferPointer(bytes), at: at))
                let end = at + Int(head.length)
                forget(bytes, from: end - Int(head.count) * MemoryLayout<LogPlace>.stride, count: Int(head.count))
                head.mark = FrameHead.olderMark
                bytes.storeBytes(of: head, toByteOffset: at, as: FrameHead.self)
                head.checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[(at + FrameHead.covered)..<end]))
                bytes.storeBytes(of: head, toByteOffset: at, as: FrameHead.self)
                at = end
            }
        }
        try data.write(to: url)
    }

    private static func makeOlder(index url: URL) throws {
        var data = try Data(contentsOf: url)
        data.withUnsafeMutableBytes { bytes in
            var head = bytes.loadUnaligned(as: SegmentIndex.Head.self)
            forget(bytes, from: MemoryLayout<SegmentIndex.Head>.size, count: Int(head.count))
            head.mark = SegmentIndex.Head.olderMark
            head.checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[SegmentIndex.Head.covered...]))
            bytes.storeBytes(of: head, as: SegmentIndex.Head.self)
        }
        try data.write(to: url)
    }

    /// What stood there before was a number of another kind.
    private static func forget(_ bytes: UnsafeMutableRawBufferPointer, from start: Int, count: Int) {
        for number in 0..<count {
            let at = start + number * MemoryLayout<LogPlace>.stride
            var place = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: at, as: LogPlace.self)
            place.checksum = UInt32(number)
            bytes.storeBytes(of: place, toByteOffset: at, as: LogPlace.self)
        }
    }

    @Test("A log of before is read, checked and gone on with; indexes that are made anew check its reports one by one")
    func older() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        do {
            let store = try StoreBackupTests.open(path)
            try StoreBackupTests.stations(store)
            for _ in 0..<60 { try StoreBackupTests.report(store, 5) }
            try store.close()
        }
        let folder = URL(fileURLWithPath: path + ".reports")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
        let expected = try StoreBackupTests.reports(StoreBackupTests.open(path))
        for segment in files where segment.pathExtension == "segment" { try Self.makeOlder(segment: segment) }
        let indexes = files.filter { $0.pathExtension == "index" }
        #expect(indexes.count > 4)
        for (number, index) in indexes.enumerated() {
            if number < 2 { try FileManager.default.removeItem(at: index) } else { try Self.makeOlder(index: index) }
        }
        do {
            let store = try StoreBackupTests.open(path)
            #expect(try StoreBackupTests.reports(store) == expected)
            #expect(try store.verify { _ in }.reports == 300)
            for _ in 0..<20 { try StoreBackupTests.report(store, 5) }
            try store.close()
        }
        let store = try StoreBackupTests.open(path)
        #expect(try StoreBackupTests.reports(store).count == 400)
        #expect(try StoreBackupTests.reports(store).prefix(300) == expected[...])
        #expect(try store.verify { _ in }.reports == 400)
        // The first segment has a new index.
        let segment = try FileHandle(forUpdating: try #require(files.first { $0.pathExtension == "segment" }))
        try segment.seek(toOffset: 40)
        try segment.write(contentsOf: [0x20])
        try segment.close()
        #expect(throws: (any Error).self) { try StoreBackupTests.reports(store) }
    }
}
