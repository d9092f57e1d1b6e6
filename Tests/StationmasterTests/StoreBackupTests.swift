// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import InformationServices
import StationModel
import StationStore
import StationTesting
import Testing

@Suite("Backup and restore")
struct StoreBackupTests {
    /// A folder that goes with the test.
    final class Place {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("backup-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    }

    static let now = Timestamp(milliseconds: 1_795_413_600_000)

    static func open(_ path: String) throws -> StationStore { try StationStore(path: path, segmentBytes: 4096) }

    /// Three stations.
    static func stations(_ store: StationStore) throws {
        try store.transaction {
            for number in 1...3 as ClosedRange<Int64> {
                try store.information.put(
                    PublisherRecord(
                        number: number, serial: try Serial("WX-\(number)"), jid: try .init("wx-\(number)@localhost")))
            }
        }
    }

    /// One batch of `count` reports behind those that are there; every other batch changes the database as well.
    static func report(_ store: StationStore, _ count: Int64) throws {
        try store.transaction {
            let last = try store.information.log.lastPosition()
            for number in last..<(last + count) {
                try Array("{\"seq\":\(number / 3 + 1),\"records\":[{\"n\":\"t\",\"v\":\(number)}]}".utf8)
                    .withUnsafeBufferPointer {
                        _ = try store.information.log.append(
                            publisher: number % 3 + 1, sequence: number / 3 + 1, receivedAt: now, isLate: false, body: $0)
                    }
            }
            if last % 2 == 0 { try store.information.setProgressPosition(0) }
        }
    }

    static func reports(_ store: StationStore) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        try store.eachReport { entries.append($0.entry) }
        return entries
    }

    static func run(_ task: any StoreTask) throws { while try task.step() {} }

    @Test("A backup taken while reports go on holds what was stored before it began, and opens")
    func whileReportsGoOn() throws {
        let place = try Place()
        let store = try Self.open(place.path("store.sqlite"))
        try Self.stations(store)
        for _ in 0..<60 { try Self.report(store, 5) }
        let before = try Self.reports(store)
        let backup = try store.backup(to: place.path("backup"), at: Self.now)
        var steps = 0
        while try backup.step() {
            try Self.report(store, 7)
            steps += 1
        }
        #expect(steps > 10 && backup.progress.done == backup.progress.total)
        #expect(try Self.reports(store).count == 300 + 7 * steps)
        let check = try BackupCheck(folder: place.path("backup"))
        try Self.run(check)
        #expect(check.problems == [] && check.manifest.position == 300)
        #expect(check.result["reports"]?.int64 == 300)
        let outcome = try StoreRestore(from: place.path("backup"), to: place.path("other.sqlite"), replacing: false)
            .perform(at: Self.now) { _ in }
        #expect(outcome.position == 300 && outcome.oldStore == nil)
        let restored = try Self.open(place.path("other.sqlite"))
        #expect(try Self.reports(restored) == before)
        #expect(restored.cutBytes == 0)
        #expect(try restored.verify { _ in } == (300, 1))
        try Self.report(restored, 3)
        var items: [String] = []
        try restored.eachReport(after: 300) { items.append($0.item) }
        #expect(items == ["\(outcome.epoch)-301", "\(outcome.epoch)-302", "\(outcome.epoch)-303"])
    }

    @Test("A store that is there stays unless it is to be replaced, and then it is moved aside whole")
    func replacing() throws {
        let place = try Place()
        let path = place.path("store.sqlite")
        var store: StationStore? = try Self.open(path)
        try store.map(Self.stations)
        try store.map { try Self.report($0, 30) }
        try store.map { try Self.run($0.backup(to: place.path("backup"), at: Self.now)) }
        try store.map { try Self.report($0, 6) }
        let restore = StoreRestore(from: place.path("backup"), to: path, replacing: true)
        #expect(throws: StoreError.self) { try restore.perform(at: Self.now) { _ in } }
        store = nil
        let cautious = StoreRestore(from: place.path("backup"), to: path, replacing: false)
        #expect(throws: StoreError.self) { try cautious.perform(at: Self.now) { _ in } }
        #expect(try Self.reports(Self.open(path)).count == 36)
        let outcome = try restore.perform(at: Self.now) { _ in }
        #expect(try Self.reports(Self.open(path)).count == 30)
        let old = try #require(outcome.oldStore)
        #expect(try Self.reports(Self.open(old + "/store.sqlite")).count == 36)
        // Once more at the same moment: no epoch comes twice.
        #expect(try restore.perform(at: Self.now) { _ in }.epoch == outcome.epoch + 1)
        // And with nothing left of the time between.
        try FileManager.default.removeItem(atPath: path)
        let later = Timestamp(milliseconds: Self.now.milliseconds + 60_000)
        #expect(try restore.perform(at: later) { _ in }.epoch > outcome.epoch + 1)
    }

    @Test("After a restore nothing that has expired is offered, and challenges are void")
    func expired() throws {
        let place = try Place()
        let store = try Self.open(place.path("store.sqlite"))
        let serial = try Serial("WX-1")
        func job(_ letter: String, _ minutes: Int64) -> JobRecord {
            JobRecord(
                id: String(repeating: letter, count: 32), kind: "update", serial: serial, state: "offered", payload: "{}",
                detail: "", created: Self.now, updated: Self.now,
                deadline: Timestamp(milliseconds: Self.now.milliseconds + minutes * 60_000), isEnded: false)
        }
        try store.transaction {
            for job in [job("a", 5), job("b", 50)] {
                try store.device.insert(job)
                try store.setTimer(.init(name: "job-deadline", key: job.id, due: job.deadline))
            }
            try store.device.addChallenge(
                ChallengeRecord(
                    nonce: [UInt8](repeating: 7, count: 32), message: [1], jid: try .init("wx-1@localhost/a"), serial: serial,
                    request: "{}", expires: Timestamp(milliseconds: Self.now.milliseconds + 9_000_000)))
        }
        try Self.run(store.backup(to: place.path("backup"), at: Self.now))
        let later = Timestamp(milliseconds: Self.now.milliseconds + 600_000)
        let outcome = try StoreRestore(from: place.path("backup"), to: place.path("other.sqlite"), replacing: false)
            .perform(at: later) { _ in }
        #expect(outcome.endedJobs == 1)
        let restored = try Self.open(place.path("other.sqlite"))
        try restored.transaction { () throws in
            #expect(try restored.device.openJobs(of: serial).map(\.id) == [String(repeating: "b", count: 32)])
            #expect(try restored.device.job(String(repeating: "a", count: 32))?.state == "expired")
            #expect(try restored.dueTimers(at: Timestamp(milliseconds: .max), limit: 9).count == 1)
            #expect(try restored.device.takeChallenge(nonce: [UInt8](repeating: 7, count: 32)) == nil)
            #expect(try restored.journal(of: serial, limit: 9).map(\.text) == ["update expired"])
        }
    }

    @Test("A backup with a flipped bit, a missing or a shortened file, or without its end is not put in place")
    func damagedBackup() throws {
        let place = try Place()
        let store = try Self.open(place.path("store.sqlite"))
        try Self.stations(store)
        for _ in 0..<40 { try Self.report(store, 5) }
        try Self.run(store.backup(to: place.path("backup"), at: Self.now))
        let files = try FileManager.default.subpathsOfDirectory(atPath: place.path("backup"))
            .filter { $0.contains(".sqlite") && !$0.hasSuffix(".reports") }.sorted()
        #expect(files.count > 6)
        var random = SeededGenerator(seed: 26)
        for round in 0..<40 {
            let copy = place.path("copy")
            try FileManager.default.copyItem(atPath: place.path("backup"), toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let file = "\(copy)/\(round == 0 ? "backup.json" : files[Int(random.next() % UInt64(files.count))])"
            if round % 8 == 0 {
                try FileManager.default.removeItem(atPath: file)
            } else {
                var data = try Data(contentsOf: URL(fileURLWithPath: file))
                if round % 8 == 1 { data.removeLast() } else { data[Int(random.next() % UInt64(data.count))] ^= 1 }
                try data.write(to: URL(fileURLWithPath: file))
            }
            let restore = StoreRestore(from: copy, to: place.path("other.sqlite"), replacing: false)
            do {
                _ = try restore.perform(at: Self.now) { _ in }
                Issue.record("a damaged backup was put in place: \(file)")
            } catch let error as StoreError {
                #expect(error.description.contains("another"))
            }
            #expect(!FileManager.default.fileExists(atPath: place.path("other.sqlite")))
        }
    }

    @Test("Sizes in a manifest whose sum is no number are refused with what to do")
    func sizes() throws {
        let place = try Place()
        let store = try Self.open(place.path("store.sqlite"))
        try Self.stations(store)
        try Self.report(store, 3)
        try Self.run(store.backup(to: place.path("backup"), at: Self.now))
        let path = URL(fileURLWithPath: place.path("backup/backup.json"))
        let text = try String(contentsOf: path, encoding: .utf8)
        let huge = text.replacing(try Regex("\"bytes\": ?[0-9]+"), with: "\"bytes\": 9223372036854775000")
        #expect(huge != text)
        try huge.write(to: path, atomically: true, encoding: .utf8)
        do {
            _ = try BackupCheck(folder: place.path("backup"))
            Issue.record("it was taken")
        } catch let error as StoreError {
            #expect(error.code == .damaged && error.description.contains("more bytes than a backup can have"))
        }
    }

    @Test("A running component backs up and verifies its store beside its work")
    func running() throws {
        let place = try Place()
        let bench = try TestBench()
        #expect(try bench.command("store.backup", ["folder": .string(place.path("backup"))])["work"] == .string("backup"))
        #expect(try bench.command("store.work")["stage"]?.string != nil)
        #expect(throws: (any Error).self) { try bench.command("store.verify") }
        bench.advance(seconds: 2)
        #expect(try bench.command("store.work")["result"]?["position"] == .integer(0))
        #expect(throws: (any Error).self) { try bench.command("store.work") }
        let check = try BackupCheck(folder: place.path("backup"))
        try Self.run(check)
        #expect(check.problems == [])
        #expect(throws: (any Error).self) {
            try bench.command("store.backup", ["folder": .string(place.path("backup"))])
        }
        #expect(throws: (any Error).self) { try bench.command("store.backup", ["folder": .string("relative")]) }
        #expect(try bench.command("store.export")["reports"]?.items == [])
        #expect(throws: (any Error).self) { try bench.command("store.export", ["station": .string("wx-9")]) }
        _ = try bench.command("store.verify")
        bench.advance(seconds: 2)
        #expect(try bench.command("store.work")["result"]?["whole"] == .boolean(true))
    }
}
