// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel
import StationStore
import Testing

@Suite("Work on a store without a component")
struct StoreAtRestTests {
    /// A store as a crash leaves it.
    private static func crashed(_ place: StoreBackupTests.Place) throws -> String {
        let files = FileManager.default
        let store = try StoreBackupTests.open(place.path("live.sqlite"))
        try StoreBackupTests.stations(store)
        for _ in 0..<60 { try StoreBackupTests.report(store, 5) }
        for name in ["", "-wal", ".reports"] {
            try files.copyItem(atPath: place.path("live.sqlite" + name), toPath: place.path("store.sqlite" + name))
        }
        return place.path("store.sqlite")
    }

    /// The contents of the store's files.
    private static func contents(_ path: String) throws -> [String: Data] {
        let reports = try FileManager.default.contentsOfDirectory(atPath: path + ".reports").map { ".reports/" + $0 }
        return try Dictionary(
            uniqueKeysWithValues: (["", "-wal"] + reports).map { ($0, try Data(contentsOf: URL(fileURLWithPath: path + $0))) })
    }

    private static func newest(_ path: String) throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: path + ".reports").filter { $0.hasSuffix("segment") }
        return URL(fileURLWithPath: "\(path).reports/\(names.max() ?? "")")
    }

    private static func verify(_ path: String) throws -> StoreCheck {
        let check = StoreCheck(try StoreSnapshot.atRest(path))
        try StoreBackupTests.run(check)
        return check
    }

    @Test("As long as a task reads a store, nobody opens it or puts a backup in its place")
    func locked() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        func begin() throws -> StoreBackup {
            let store = try StoreBackupTests.open(path)
            try StoreBackupTests.stations(store)
            return try store.backup(to: place.path("backup"), at: StoreBackupTests.now)
        }
        try withExtendedLifetime(begin()) { backup in
            for _ in 0..<2 { #expect(try backup.step()) }
            do {
                _ = try StoreBackupTests.open(path)
                Issue.record("it was opened")
            } catch let error as StoreError { #expect(error.code == .locked) }
            try StoreBackupTests.run(backup)
        }
        let restore = StoreRestore(from: place.path("backup"), to: path, replacing: true)
        try withExtendedLifetime(StoreSnapshot.atRest(path)) { _ in
            _ = #expect(throws: StoreError.self) { try restore.perform(at: StoreBackupTests.now) { _ in } }
        }
        _ = try restore.perform(at: StoreBackupTests.now) { _ in }
        _ = try StoreBackupTests.open(path)
    }

    @Test("A file that the disk does not give is found, and not asked for again; those behind it are looked at")
    func unreadable() throws {
        let place = try StoreBackupTests.Place()
        let path = try Self.crashed(place)
        let segments = try FileManager.default.contentsOfDirectory(atPath: path + ".reports").filter { $0.hasSuffix("segment") }.sorted()
        try #require(segments.count > 2)
        let check = StoreCheck(try StoreSnapshot.atRest(path))
        // Reading a folder fails as reading a bad block does.
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            guard let descriptor = Int32(name),
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))?.hasSuffix(segments[1]) == true
            else { continue }
            let folder = open("/", O_RDONLY | O_DIRECTORY)
            #expect(dup2(folder, descriptor) == descriptor)
            close(folder)
        }
        var steps = 0
        while try check.step(), steps < 10_000 { steps += 1 }
        #expect(steps < 10_000)
        #expect(check.problems.contains { $0.contains(segments[1]) }, "\(check.problems)")
        #expect((check.result["reports"]?.int64 ?? 0) > 0)
    }

    @Test("A store is verified without being changed, with what a crash has left at its end")
    func unchanged() throws {
        let place = try StoreBackupTests.Place()
        let path = try Self.crashed(place)
        let newest = try Self.newest(path)
        try (Data(contentsOf: newest) + Data([1, 2, 3])).write(to: newest)
        let before = try Self.contents(path)
        do {
            let check = try Self.verify(path)
            #expect(check.problems == [] && check.result["reports"]?.int64 == 300)
        }
        #expect(try Self.contents(path) == before)
        let store = try StoreBackupTests.open(path)
        #expect(store.cutBytes == 3)
        #expect(try StoreBackupTests.reports(store).count == 300)
    }

    @Test("Damage before the end of a store at rest is found, and what was acknowledged and is missing")
    func damaged() throws {
        let place = try StoreBackupTests.Place()
        let path = try Self.crashed(place)
        let newest = try Self.newest(path)
        let whole = try Data(contentsOf: newest)
        var flipped = whole
        flipped[100] ^= 1
        try flipped.write(to: newest)
        #expect(try Self.verify(path).problems.contains { $0.contains("is damaged at byte 0") })
        try whole.prefix(1).write(to: newest)
        #expect(try !Self.verify(path).problems.isEmpty)
    }

    @Test("A store of an older version is not called damaged")
    func older() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        do { try StoreBackupTests.stations(StoreBackupTests.open(path)) }
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("DELETE FROM grdb_migrations WHERE rowid = (SELECT max(rowid) FROM grdb_migrations)")
            store.commit()
            """
        #expect(try StoreCareTests.python(program, path) == 0)
        do {
            _ = try StoreSnapshot.atRest(path)
            Issue.record("it was read")
        } catch let error as StoreError { #expect(error.code == .unusable && error.description.contains("older version")) }
    }
}
