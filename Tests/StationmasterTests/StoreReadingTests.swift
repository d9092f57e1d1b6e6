// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationCore
import StationModel
@testable import StationStore
import Testing
import XMPPCore

@Suite("What reading may cost a batch")
struct StoreReadingTests {
    private let consumer = "weather@nws.example/ingest"
    private let bare = "weather@nws.example"

    /// A store of three stations with reports in many segments, opened by a component that has not looked at any index yet.
    private func store(_ place: StoreBackupTests.Place, _ work: WaitingWork) throws -> StationStore {
        let path = place.path("store.sqlite")
        do {
            let store = try StoreBackupTests.open(path)
            try StoreBackupTests.stations(store)
            for _ in 0..<80 { try StoreBackupTests.report(store, 5) }
            try store.close()
        }
        let store = try StationStore(path: path, segmentBytes: 4096) { work.append($0) }
        store.checkIndexes()
        return store
    }

    /// How many indexes were read so far.
    private func read(_ store: StationStore) -> Int { store.log.segments.count { $0.index?.knownSoundness != nil } }

    private func flip(_ url: URL, at place: Int) throws {
        var data = try Data(contentsOf: url)
        data[place] ^= 4
        let handle = try FileHandle(forUpdating: url)
        try handle.write(contentsOf: data)
        try handle.close()
    }

    private func index(_ store: StationStore, _ number: Int) -> URL {
        URL(fileURLWithPath: store.log.path(store.log.segments[number].firstPosition, "index"))
    }

    @Test("An old number is looked for with one index a batch, and until all were seen the answer is to wait")
    func oldNumber() throws {
        let place = try StoreBackupTests.Place()
        let store = try store(place, WaitingWork())
        let sealed = store.log.segments.count - 1
        #expect(sealed > 5)
        for round in 1..<sealed {
            try store.transaction { () throws in
                for _ in 1...3 {
                    #expect(throws: StoreBusy.self) { try store.information.log.lookup(publisher: 1, sequence: 1) }
                }
            }
            #expect(read(store) == round)
        }
        try store.transaction { () throws in
            #expect(try store.information.log.lookup(publisher: 1, sequence: 1)?.position == 1)
        }
    }

    @Test("Where a station has sent a lower number in time, nothing older is looked at")
    func lateReport() throws {
        let place = try StoreBackupTests.Place()
        let store = try store(place, WaitingWork())
        try store.transaction { () throws in
            let last = try store.information.log.lookup(publisher: 1, sequence: 134)
            #expect(last?.sequence == 134)
            let text = Array("{}".utf8)
            for sequence in [200, 205] as [Int64] {
                _ = try text.withUnsafeBufferPointer {
                    try store.information.log.append(
                        publisher: 1, sequence: sequence, receivedAt: StoreBackupTests.now, isLate: false, body: $0)
                }
            }
            #expect(try store.information.log.lookup(publisher: 1, sequence: 203) == nil)
        }
        #expect(read(store) == 0)
    }

    @Test("Requests of one batch look into so many segments and no more")
    func visits() throws {
        let place = try StoreBackupTests.Place()
        let work = WaitingWork()
        let store = try store(place, work)
        work.run()
        for _ in 1...2 {
            try store.transaction { () throws in
                store.log.allowance.visits = 3 * store.log.segments.count + 1
                for _ in 1...3 { #expect(try store.information.log.lookup(publisher: 1, sequence: 1)?.position == 1) }
                #expect(throws: StoreBusy.self) { try store.information.log.lookup(publisher: 1, sequence: 1) }
                #expect(try store.information.log.count(after: 0, limit: 1000, publisher: 1) < 134, "as far as can be looked at")
            }
        }
    }

    @Test("An index that is not what was written is made anew beside the batches")
    func remade() throws {
        let place = try StoreBackupTests.Place()
        let work = WaitingWork()
        let store = try store(place, work)
        let lost = store.log.segments[2]
        try flip(index(store, 2), at: 200)
        for _ in 1...2 {
            try store.transaction { () throws in
                #expect(throws: StoreBusy.self) { try store.information.log.entry(at: lost.firstPosition) }
            }
        }
        work.run()
        try store.transaction { () throws in
            #expect(try store.information.log.entry(at: lost.firstPosition)?.position == lost.firstPosition)
        }
        #expect(try store.verify { _ in }.reports == 400)
    }

    @Test("A report of before is told to wait and is stored once; a feed of a rare station gets everything, one index a batch")
    func requests() throws {
        let bench = try InformationBench(segmentBytes: 4096)
        let rare = try bench.install("rare")
        let other = try bench.install("other")
        try bench.grant(bare, "rare")
        let subid = try bench.subscribe(consumer, "stations/rare", mode: "feed")
        func fill(_ numbers: ClosedRange<Int64>) throws { for seq in numbers { try bench.publish(from: other, seq) } }
        try bench.publish(from: rare, 1)
        try fill(1...150)
        try bench.publish(from: rare, 2)
        try fill(151...300)
        try bench.advance(seconds: 60)
        try bench.restart(isPaced: true)
        #expect(try bench.report(from: other, InformationBench.body(1)).refusal == "resource-constraint")
        var rounds = 0
        while try bench.report(from: other, InformationBench.body(1))["type"] != "result", rounds < 50 { rounds += 1 }
        #expect(rounds > 3 && rounds < 50)
        #expect(try bench.report(from: rare, InformationBench.body(3))["type"] == "result")
        try bench.restart(isPaced: true)
        _ = try bench.sent()
        try bench.resume(consumer, subid)
        try bench.advance(seconds: 1)
        #expect(try bench.sent().deliveries.map(\.id) == ["1-1", "1-152", "1-303"])
        try bench.restart(isPaced: true)
        _ = try bench.sent()
        try bench.receive(
            "<iq type='get' id='i' from='\(consumer)' to='\(InformationBench.domain)'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
                + "<items node='stations/rare' max_items='3'/></pubsub></iq>")
        try bench.advance(seconds: 1)
        let items = try #require(try bench.sent().first { $0["id"] == "i" })
        #expect(items.elements.first?.elements.first?.elements.map { $0["id"] } == ["1-1", "1-152", "1-303"])
    }

    // MARK: - By time

    @Test("What is asked for by time is found whatever the head of an index says, and bodies of other times are not read")
    func byTime() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        func at(_ number: Int64) -> Timestamp { StoreBackupTests.now.adding(milliseconds: number * 1000) }
        do {
            let store = try StoreBackupTests.open(path)
            try StoreBackupTests.stations(store)
            for batch in 0..<60 as Range<Int64> {
                try store.transaction { () throws in
                    for number in (batch * 5 + 1)...(batch * 5 + 5) {
                        _ = try Array("{\"seq\":\(number),\"pad\":\"\(String(repeating: "x", count: 60))\"}".utf8)
                            .withUnsafeBufferPointer {
                                try store.information.log.append(
                                    publisher: number % 3 + 1, sequence: number, receivedAt: at(number), isLate: false, body: $0)
                            }
                    }
                }
            }
            try store.close()
            // The time of the earliest report in its head: it seems to be much later.
            try flip(index(store, 3), at: 37)
            let body = store.log.segments[1].firstPosition
            let text = Data("{\"seq\":\(body),".utf8)
            let file = URL(fileURLWithPath: store.log.path(body, "segment"))
            try flip(file, at: try #require(try Data(contentsOf: file).range(of: text)).lowerBound + 1)
        }
        let store = try StoreBackupTests.open(path)
        let middle = store.log.segments[3].firstPosition
        for wanted in [nil, 1, 2, 3] as [Int64?] {
            var found: [Int64] = []
            let serial = try wanted.map { try Serial("WX-\($0)") }
            try store.eachReport(of: serial, within: at(middle - 20)...at(middle + 60)) { found.append($0.entry.position) }
            #expect(found == ((middle - 20)...(middle + 60)).filter { wanted == nil || $0 % 3 + 1 == wanted })
            guard let wanted else { continue }
            try store.transaction { () throws in
                let history = try store.information.log.history(
                    publisher: wanted, range: at(middle - 20)...at(middle + 60), after: 0, limit: 1000)
                #expect(history.map(\.position) == found)
            }
        }
        #expect(throws: StoreDamage.self) { try store.eachReport { _ in } }
    }

    // MARK: - Writing indexes

    @Test("An index that cannot be written is told once, stays in memory, and is written with the next one")
    func unwritten() throws {
        let place = try StoreBackupTests.Place()
        let store = try StoreBackupTests.open(place.path("store.sqlite"))
        try StoreBackupTests.stations(store)
        try StoreBackupTests.report(store, 5)
        func fill(to count: Int) throws { while store.log.segments.count < count { try StoreBackupTests.report(store, 5) } }
        try fill(to: 2)
        // A folder stands where the index would be drafted.
        let block = index(store, 1).path + ".new"
        try FileManager.default.createDirectory(atPath: block, withIntermediateDirectories: false)
        try fill(to: 3)
        try store.transaction {}
        #expect(store.log.segments[1].index == nil && store.log.segments[1].table != nil)
        let told = store.takeNotices()
        #expect(told.count == 1 && told[0].severity == .warning && told[0].detail.contains("make room"))
        try fill(to: 4)
        try store.transaction {}
        #expect(store.takeNotices().isEmpty && store.log.segments[2].index != nil)
        try FileManager.default.removeItem(atPath: block)
        try fill(to: 5)
        try store.transaction {}
        #expect(store.log.segments.dropLast().allSatisfy { $0.index != nil && $0.table == nil })
        #expect(try store.verify { _ in }.reports > 100)
    }
}
