// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import StationTesting
import Testing

@Suite("The log of reports")
struct SegmentLogTests {
    /// A store in a folder of its own, with segments of a few kilobytes.
    final class Shelf {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        private(set) var store: StationStore?
        var path: String { folder.appendingPathComponent("store.sqlite").path }
        var reports: URL { URL(fileURLWithPath: path + ".reports") }

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try open()
            try append { store in
                for number in 1...9 {
                    try store.information.put(
                        PublisherRecord(
                            number: Int64(number), serial: try Serial("wx-\(number)"),
                            jid: try .init("wx-\(number)@localhost")))
                }
            }
        }

        deinit {
            store = nil
            try? FileManager.default.removeItem(at: folder)
        }

        func open() throws {
            store = nil
            store = try StationStore(path: path, segmentBytes: 4096)
        }

        /// The process dies without a word.
        func kill() { store = nil }

        func append(_ body: (StationStore) throws -> Void) throws {
            guard let store else { return }
            try store.transaction { try body(store) }
        }

        func read<T>(_ body: (any ReportLog) throws -> T) throws -> T {
            var result: T?
            try append { result = try body($0.information.log) }
            return try #require(result)
        }

        var segments: [URL] {
            get throws { try files("segment") }
        }

        func files(_ kind: String) throws -> [URL] {
            try FileManager.default.contentsOfDirectory(at: reports, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == kind }.sorted { $0.path < $1.path }
        }
    }

    private static func body(_ publisher: Int64, _ sequence: Int64) -> [UInt8] {
        Array("{\"seq\":\(sequence),\"publisher\":\(publisher),\"pad\":\"\(String(repeating: "x", count: 40))\"}".utf8)
    }

    @discardableResult
    private static func add(
        _ log: any ReportLog, _ publisher: Int64, _ sequence: Int64, at: Int64 = 1_795_413_600_000, isLate: Bool = false
    ) throws -> Int64 {
        try body(publisher, sequence).withUnsafeBufferPointer {
            try log.append(
                publisher: publisher, sequence: sequence, receivedAt: Timestamp(milliseconds: at), isLate: isLate, body: $0)
        }
    }

    /// A log of 900 reports of nine stations over many segments, written in batches of ten.
    private static func filled() throws -> Shelf {
        let shelf = try Shelf()
        for batch in 0..<90 {
            try shelf.append { store in
                for index in 0..<10 {
                    let number = batch * 10 + index
                    try add(
                        store.information.log, Int64(number % 9 + 1), Int64(number / 9 + 1),
                        at: 1_795_413_600_000 + Int64(number) * 1000)
                }
            }
        }
        return shelf
    }

    @Test("A look for some publishers finds what going through all positions finds, in either direction")
    func scanning() throws {
        let shelf = try Self.filled()
        for wanted in [[], [4], [2, 9, 5], Array(1...9), [8_000_000_000, 7]] as [[Int64]] {
            let expected = (1...900).map { Int64($0) }.filter { wanted.contains(($0 - 1) % 9 + 1) }
            for limit in [1, 7, 2000] {
                try shelf.read { (log: any ReportLog) throws -> Void in
                    var ahead: [Int64] = []
                    var scan = LogScan(reached: 0)
                    while !scan.isEnd {
                        scan = try log.scan(after: scan.reached, limit: limit, publishers: wanted)
                        #expect(scan.found.count <= limit)
                        ahead += scan.found.map(\.position)
                    }
                    #expect(ahead == expected && scan.reached == 900)
                    var back: [Int64] = []
                    scan = LogScan(reached: .max)
                    while !scan.isEnd {
                        scan = try log.scan(before: scan.reached, limit: limit, publishers: wanted)
                        back += scan.found.map(\.position)
                    }
                    #expect(back == Array(expected.reversed()))
                }
            }
        }
        try shelf.read { (log: any ReportLog) throws -> Void in
            #expect(try log.scan(after: 440, limit: 100, publishers: nil).found.map(\.position) == Array(441...540))
            #expect(try log.scan(before: 441, limit: 3, publishers: nil).found.map(\.position) == [440, 439, 438])
            for position in [Int64.min, -1, 0] {
                #expect(try log.scan(before: position, limit: 9, publishers: nil).found.isEmpty)
                #expect(try log.scan(after: position, limit: 1, publishers: nil).found.first?.position == 1)
                #expect(try log.publisher(at: position) == nil)
            }
            #expect(try log.scan(after: .max, limit: 9, publishers: [1]).isEnd)
            #expect(try log.publisher(at: 5) == 5)
            #expect(try log.publisher(at: 901) == nil)
        }
    }

    @Test("What was appended reads the same by position, by station, by sequence and by time, also after a restart")
    func reading() throws {
        let shelf = try Self.filled()
        for round in 0..<2 {
            #expect(try shelf.segments.count > 10)
            #expect(try shelf.files("index").count == shelf.segments.count - 1)
            #expect(try shelf.read { try $0.lastPosition() } == 900)
            for position in [1, 2, 450, 899, 900] as [Int64] {
                let entry = try #require(try shelf.read { try $0.entry(at: position) })
                #expect(entry.publisher == (position - 1) % 9 + 1 && entry.sequence == (position - 1) / 9 + 1)
                #expect(entry.body == Self.body(entry.publisher, entry.sequence))
            }
            let all = try shelf.read { try $0.page(after: 440, limit: 100, publisher: nil) }
            #expect(all.map(\.position) == Array(441...540))
            let own = try shelf.read { try $0.page(after: 100, limit: 30, publisher: 4) }
            #expect(own.map(\.sequence) == Array(12...41) && own.allSatisfy { $0.publisher == 4 })
            let newest = try shelf.read { try $0.page(before: 800, limit: 30, publisher: 4) }
            #expect(newest.map(\.sequence) == Array((60...89).reversed()))
            #expect(try shelf.read { try $0.page(before: 5, limit: 9, publisher: nil) }.map(\.position) == [4, 3, 2, 1])
            #expect(try shelf.read { try $0.count(after: 450, limit: 1000, publisher: 7) } == 50)
            #expect(try shelf.read { try $0.count(after: 0, limit: 33, publisher: 7) } == 33)
            #expect(try shelf.read { try $0.lookup(publisher: 9, sequence: 77) }?.position == 76 * 9 + 9)
            #expect(try shelf.read { try $0.lookup(publisher: 9, sequence: 101) } == nil)
            #expect(try shelf.read { try $0.lookup(publisher: 8_000_000_000, sequence: 1) } == nil)
            let from = Timestamp(milliseconds: 1_795_413_600_000 + 300_000)
            let to = Timestamp(milliseconds: 1_795_413_600_000 + 399_999)
            let history = try shelf.read { try $0.history(publisher: 1, range: from...to, after: 0, limit: 100) }
            #expect(history.map(\.position) == Array(stride(from: 307, through: 397, by: 9)).map { Int64($0) })
            for position in [Int64.max, Int64.max - 1, 901, 900] {
                #expect(try shelf.read { try $0.page(after: position, limit: 9, publisher: nil) }.isEmpty)
                #expect(try shelf.read { try $0.page(after: position, limit: 9, publisher: 1) }.isEmpty)
                #expect(try shelf.read { try $0.count(after: position, limit: 9, publisher: 1) } == 0)
                #expect(try shelf.read { try $0.history(publisher: 1, range: from...to, after: position, limit: 9) }.isEmpty)
            }
            for position in [Int64.min, -1, 0] {
                #expect(try shelf.read { try $0.page(after: position, limit: 1, publisher: nil) }.first?.position == 1)
                #expect(try shelf.read { try $0.page(before: position, limit: 1, publisher: nil) }.isEmpty)
                #expect(try shelf.read { try $0.entry(at: position) } == nil)
            }
            #expect(try shelf.read { try $0.page(before: .max, limit: 1, publisher: nil) }.first?.position == 900)
            let progress = try shelf.read { try $0.progress(after: 891) }
            #expect(progress.map(\.publisher) == Array(1...9) && progress.allSatisfy { $0.lastSequence == 100 })
            if round == 0 { try shelf.open() }
        }
    }

    @Test("Late reports are found by sequence and stand where they were stored, in memory and in an index")
    func late() throws {
        let shelf = try Shelf()
        try shelf.append { store in
            for sequence in [1, 2, 5, 6] as [Int64] { try Self.add(store.information.log, 1, sequence) }
            try Self.add(store.information.log, 1, 4, isLate: true)
            try Self.add(store.information.log, 1, 3, isLate: true)
            try Self.add(store.information.log, 1, 7)
        }
        func check() throws {
            #expect(
                try shelf.read { try $0.page(after: 0, limit: 9, publisher: 1) }.map(\.sequence).prefix(7)
                    == [1, 2, 5, 6, 4, 3, 7])
            for (sequence, position) in [(1, 1), (2, 2), (3, 6), (4, 5), (5, 3), (6, 4), (7, 7)] as [(Int64, Int64)] {
                #expect(try shelf.read { try $0.lookup(publisher: 1, sequence: sequence) }?.position == position)
            }
            #expect(try shelf.read { try $0.entry(at: 6) }?.isLate == true)
        }
        try check()
        try shelf.append { store in for sequence in 8...90 { try Self.add(store.information.log, 1, Int64(sequence)) } }
        try shelf.append { store in try Self.add(store.information.log, 1, 91) }
        #expect(try shelf.files("index").count == 1)
        try check()
    }

    @Test("A request that is undone leaves nothing in the log; the rest of its batch stays")
    func undone() throws {
        struct Refused: Error {}
        let shelf = try Shelf()
        try shelf.append { store in
            try Self.add(store.information.log, 1, 1)
            #expect(throws: Refused.self) {
                try store.savepoint {
                    try Self.add(store.information.log, 2, 1)
                    try Self.add(store.information.log, 1, 2)
                    throw Refused()
                }
            }
            #expect(try store.information.log.lookup(publisher: 1, sequence: 2) == nil)
            try Self.add(store.information.log, 3, 1)
            #expect(try store.information.log.entry(at: 2)?.body == Self.body(3, 1))
        }
        try shelf.open()
        #expect(try shelf.read { try $0.page(after: 0, limit: 9, publisher: nil) }.map(\.publisher) == [1, 3])
    }

    @Test("Whatever a crash leaves of the last batch is cut off, and everything before it stays", arguments: [1, 31, 32, 40, 90])
    func torn(_ bytes: Int) throws {
        let shelf = try Self.filled()
        let last = try #require(try shelf.segments.last)
        shelf.kill()
        // The beginning of a frame that was never finished.
        let whole = try Data(contentsOf: last)
        try (whole + whole.prefix(min(bytes, whole.count - 1))).write(to: last)
        try shelf.open()
        #expect(shelf.store?.cutBytes == bytes)
        #expect(try shelf.read { try $0.lastPosition() } == 900)
        try shelf.append { try Self.add($0.information.log, 1, 101) }
        #expect(try shelf.read { try $0.entry(at: 901) }?.sequence == 101)
    }

    @Test("A frame whose commit never came through does not count")
    func withoutCommit() throws {
        let shelf = try Shelf()
        try shelf.append { try Self.add($0.information.log, 1, 1) }
        let database = try Data(contentsOf: URL(fileURLWithPath: shelf.path))
        shelf.kill()
        // As if the process had died between the sync of the log and the commit of the database.
        let saved = FileManager.default.temporaryDirectory.appendingPathComponent("saved-\(UUID().uuidString)")
        _ = database
        try FileManager.default.copyItem(atPath: shelf.path, toPath: saved.path)
        defer { try? FileManager.default.removeItem(at: saved) }
        try shelf.open()
        try shelf.append { store in
            try Self.add(store.information.log, 2, 1)
            try store.information.setProgressPosition(1)
        }
        shelf.kill()
        for name in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: shelf.path + name) }
        try FileManager.default.copyItem(atPath: saved.path, toPath: shelf.path)
        try shelf.open()
        #expect((shelf.store?.cutBytes ?? 0) > 0)
        #expect(try shelf.read { try $0.lastPosition() } == 1)
    }

    @Test("A flipped bit, a missing segment or a shortened file is refused with what to do")
    func damage() throws {
        func refusal(_ harm: (Shelf) throws -> Void) throws -> String {
            let shelf = try Self.filled()
            try shelf.append { try $0.information.setProgressPosition(900) }
            shelf.kill()
            try harm(shelf)
            for index in try shelf.files("index") { try FileManager.default.removeItem(at: index) }
            do { try shelf.open() } catch let error as StoreError {
                #expect(error.code == .damaged && error.description.contains("backup"))
                return error.description
            }
            Issue.record("a damaged log was opened")
            return ""
        }
        func change(_ url: URL, _ edit: (inout Data) -> Void) throws {
            var data = try Data(contentsOf: url)
            edit(&data)
            try data.write(to: url)
        }
        for place in [0, 5, 20, 100, 2000] {
            #expect(try refusal { shelf in try change(shelf.segments[3]) { $0[place] ^= 1 } }.contains("damaged at byte"))
        }
        #expect(try refusal { shelf in try change(shelf.segments[3]) { $0.removeLast() } }.contains("damaged"))
        #expect(try refusal { shelf in try FileManager.default.removeItem(at: shelf.segments[3]) }.contains("lacks reports"))
        #expect(try refusal { shelf in try change(shelf.segments.last ?? shelf.reports) { $0.removeLast() } }.contains("ends at"))
        #expect(try refusal { shelf in try change(shelf.segments.last ?? shelf.reports) { $0[40] ^= 8 } }.contains("damaged"))
    }
}
