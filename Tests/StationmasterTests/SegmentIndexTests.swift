// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import StationTesting
import Testing

@Suite("Indexes of the log")
struct SegmentIndexTests {
    private static let always = Timestamp(milliseconds: .min)...Timestamp(milliseconds: .max)

    /// All that can be asked of the log about three stations.
    private static func everything(_ store: StationStore) throws -> [[LogEntry]] {
        var all: [[LogEntry]] = []
        try store.transaction { () throws in
            let log = store.information.log
            all.append(try log.page(after: 0, limit: 1000, publisher: nil))
            for number in 1...3 as ClosedRange<Int64> {
                all.append(try log.page(after: 0, limit: 1000, publisher: number))
                all.append(try log.page(before: 1000, limit: 1000, publisher: number))
                all.append(try log.history(publisher: number, range: Self.always, after: 0, limit: 1000))
                all.append(try (1...70).compactMap { try log.lookup(publisher: number, sequence: $0) })
            }
        }
        return all
    }

    @Test("A flipped bit anywhere in an index makes no difference to what is read")
    func flippedBits() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        let expected: [[LogEntry]]
        do {
            let store = try StoreBackupTests.open(path)
            try StoreBackupTests.stations(store)
            for _ in 0..<20 { try StoreBackupTests.report(store, 10) }
            expected = try Self.everything(store)
            try store.close()
        }
        #expect(expected[0].count == 200)
        let folder = path + ".reports"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".index") }.sorted()
        #expect(names.count > 1)
        let file = URL(fileURLWithPath: "\(folder)/\(names[names.count / 2])")
        let original = try Data(contentsOf: file)
        var random = SeededGenerator(seed: 15)
        for byte in stride(from: 0, to: original.count, by: 1 + original.count / 150) {
            var data = original
            data[byte] ^= 1 << UInt8(random.next() % 8)
            try data.write(to: file)
            let found = try Self.everything(StoreBackupTests.open(path))
            #expect(found == expected, "byte \(byte) of \(original.count)")
            #expect(try Data(contentsOf: file) == original, "it was not made anew")
        }
    }

    @Test("Old numbers of a busy station are found at once, late ones too, also after a batch that was undone")
    func oldNumbers() throws {
        let place = try StoreBackupTests.Place()
        let store = try StationStore(path: place.path("store.sqlite"))
        try StoreBackupTests.stations(store)
        let count: Int64 = 20_000
        struct Undone: Error {}
        func append(_ sequence: Int64) throws {
            _ = try Array("{\"seq\":\(sequence)}".utf8).withUnsafeBufferPointer {
                try store.information.log.append(
                    publisher: 1, sequence: sequence, receivedAt: StoreBackupTests.now, isLate: sequence % 2 == 0, body: $0)
            }
        }
        // Odd numbers first, then the even ones, late.
        try store.transaction { () throws in
            for sequence in stride(from: 1, to: count, by: 2) { try append(sequence) }
            for sequence in stride(from: 2, through: count, by: 2) { try append(sequence) }
        }
        let begin = ContinuousClock.now
        try store.transaction { () throws in
            for sequence in stride(from: 1, through: count, by: 7) {
                #expect(try store.information.log.lookup(publisher: 1, sequence: sequence)?.sequence == sequence)
            }
            #expect(try store.information.log.lookup(publisher: 1, sequence: count + 1) == nil)
            try? store.savepoint { () throws in
                for sequence in (count + 1)...(count + 2000) { try append(sequence) }
                #expect(try store.information.log.lookup(publisher: 1, sequence: 3)?.sequence == 3)
                throw Undone()
            }
            #expect(try store.information.log.lookup(publisher: 1, sequence: count + 5) == nil)
            #expect(try store.information.log.lookup(publisher: 1, sequence: 4)?.sequence == 4)
        }
        #expect(begin.duration(to: .now) < .seconds(3), "a chain of \(count) is not walked for each of them")
    }
}
