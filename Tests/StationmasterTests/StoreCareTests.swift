// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import Testing

@Suite("Care of the store")
struct StoreCareTests {
    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("care-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A store with three stations and `count` reports, over several segments.
    private static func fill(_ path: String, _ count: Int) throws {
        let store = try StationStore(path: path, segmentBytes: 4096)
        try store.transaction {
            for number in 1...3 as ClosedRange<Int64> {
                try store.information.put(
                    PublisherRecord(
                        number: number, serial: try Serial("WX-\(number)"), jid: try .init("wx-\(number)@localhost")))
            }
        }
        for batch in stride(from: 0, to: count, by: 5) {
            try store.transaction {
                for number in batch..<min(count, batch + 5) {
                    try Array("{\"seq\":\(number / 3 + 1),\"records\":[{\"n\":\"t\",\"v\":\(number)}]}".utf8)
                        .withUnsafeBufferPointer {
                            _ = try store.information.log.append(
                                publisher: Int64(number % 3 + 1), sequence: Int64(number / 3 + 1),
                                receivedAt: Timestamp(milliseconds: 1_795_413_600_000), isLate: false, body: $0)
                        }
                }
            }
        }
        try store.close()
    }

    /// The exit status of a program in Python, which opens the store by other means than ours.
    static func python(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program] + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test("A whole store is found whole, and all reports come out, of one station or of all, from a position on")
    func wholeAndExported() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("store.sqlite").path
        try Self.fill(path, 200)
        let store = try StationStore(path: path)
        var parts: [String] = []
        #expect(try store.verify { parts.append($0) } == (200, 0))
        #expect(parts.count > 4)
        var positions: [Int64] = []
        try store.eachReport { positions.append($0.entry.position) }
        #expect(positions == Array(1...200))
        var own: [String] = []
        try store.eachReport(after: 100, of: try Serial("wx-2")) { own.append("\($0.item) \($0.serial) \($0.entry.sequence)") }
        #expect(own.first == "1-101 WX-2 34" && own.count == 34)
        #expect(throws: StoreError.self) { try store.eachReport(of: try Serial("wx-9")) { _ in } }
        var within: [Int64] = []
        let stored = Timestamp(milliseconds: 1_795_413_600_000)
        try store.eachReport(after: 190, within: stored...stored) { within.append($0.entry.position) }
        #expect(within == Array(191...200))
        let later = Timestamp(milliseconds: 1_795_413_600_001)
        try store.eachReport(within: later...later) { _ in Issue.record("a report out of the range") }
    }

    @Test("Two hundred flipped bits: each is refused with what to do, or nothing has changed", .timeLimit(.minutes(5)))
    func flippedBits() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let original = folder.appendingPathComponent("original")
        try FileManager.default.createDirectory(at: original, withIntermediateDirectories: true)
        try Self.fill(original.appendingPathComponent("store.sqlite").path, 200)
        func reports(_ place: URL) throws -> [LogEntry] {
            let store = try StationStore(path: place.appendingPathComponent("store.sqlite").path)
            _ = try store.verify { _ in }
            var entries: [LogEntry] = []
            try store.eachReport { entries.append($0.entry) }
            return entries
        }
        let expected = try reports(original)
        let segments = try FileManager.default.subpathsOfDirectory(atPath: original.path)
            .filter { $0.hasSuffix(".segment") || $0.hasSuffix(".index") }.sorted()
        var seed: UInt64 = 20_261_124
        var refused = 0
        for _ in 0..<200 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let copy = folder.appendingPathComponent("copy")
            try FileManager.default.copyItem(at: original, to: copy)
            defer { try? FileManager.default.removeItem(at: copy) }
            let file = copy.appendingPathComponent(segments[Int(seed >> 33) % segments.count])
            var data = try Data(contentsOf: file)
            data[Int(seed >> 20) % data.count] ^= 1 << UInt8(seed >> 60 & 7)
            try data.write(to: file)
            do {
                #expect(try reports(copy) == expected, "bit flipped in \(file.lastPathComponent)")
            } catch let error as StoreError {
                refused += 1
                #expect(error.description.contains("backup") || error.description.contains("remove the .index file"))
            }
        }
        #expect(refused > 100)
    }

    @Test("A store whose reports were a table is taken over whole, once")
    func upgrade() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("store.sqlite").path
        try Self.fill(path, 0)
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("CREATE TABLE report_log (position INTEGER PRIMARY KEY, publisher INTEGER NOT NULL, sequence INTEGER NOT NULL,"
                          " received_ms INTEGER NOT NULL, is_late INTEGER NOT NULL, body BLOB NOT NULL) STRICT")
            store.executemany("INSERT INTO report_log VALUES (?, ?, ?, ?, ?, ?)",
                [(n, n % 3 + 1, n, 1795413600000 + n, n % 7 == 0, b'{"seq":%d}' % n) for n in range(1, 501)])
            store.commit()
            """
        #expect(try Self.python(program, path) == 0)
        for _ in 0..<2 {
            let store = try StationStore(path: path)
            var count: Int64 = 0
            try store.eachReport { report in
                count += 1
                #expect(report.entry.position == count && report.entry.sequence == count)
                #expect(report.entry.publisher == count % 3 + 1 && report.entry.isLate == (count % 7 == 0))
                #expect(report.entry.receivedAt.milliseconds == 1_795_413_600_000 + count)
                #expect(report.entry.body == Array("{\"seq\":\(count)}".utf8))
            }
            #expect(count == 500)
            #expect(try store.verify { _ in } == (500, 0))
        }
    }
}
