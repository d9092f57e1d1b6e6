// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import Testing

@Suite("Restores that are cut short, or find what others left")
struct StoreRestoreTests {
    /// A backup of 30 reports, and a store of 36 as a crash leaves it: its last commits are in its write-ahead log.
    private static func make(_ place: StoreBackupTests.Place) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: place.path("live"), withIntermediateDirectories: true)
        let store = try StoreBackupTests.open(place.path("live/store.sqlite"))
        try StoreBackupTests.stations(store)
        for _ in 0..<6 { try StoreBackupTests.report(store, 5) }
        try StoreBackupTests.run(store.backup(to: place.path("backup"), at: StoreBackupTests.now))
        try store.transaction { try store.information.setProgressPosition(30) }
        for _ in 0..<2 { try StoreBackupTests.report(store, 3) }
        try files.createDirectory(atPath: place.path("crashed"), withIntermediateDirectories: true)
        for name in ["", "-wal", ".reports"] {
            try files.copyItem(atPath: place.path("live/store.sqlite" + name), toPath: place.path("crashed/store.sqlite" + name))
        }
    }

    private static func restore(_ backup: String, to path: String, replacing: Bool = true) throws -> StoreRestore.Outcome {
        try StoreRestore(from: backup, to: path, replacing: replacing).perform(at: StoreBackupTests.now) { _ in }
    }

    private static func count(_ path: String) throws -> Int {
        let store = try StoreBackupTests.open(path)
        _ = try store.verify { _ in }
        return try StoreBackupTests.reports(store).count
    }

    /// Runs what a sentence says between backquotes.
    private static func follow(_ error: StoreError) throws -> Int32 {
        let parts = error.description.split(separator: "`")
        try #require(parts.count >= 2, "\(error)")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", String(parts[1])]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test("A write-ahead log without its database is what is left of a store: it is not replayed into the restored one")
    func staleLog() throws {
        let place = try StoreBackupTests.Place()
        try Self.make(place)
        let path = place.path("crashed/store.sqlite")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.removeItem(atPath: path + ".reports")
        do {
            _ = try Self.restore(place.path("backup"), to: path, replacing: false)
            Issue.record("it was put beside the log of another database")
        } catch let error as StoreError { #expect(error.description.contains("store.sqlite-wal")) }
        let outcome = try Self.restore(place.path("backup"), to: path)
        let old = try #require(outcome.oldStore)
        #expect(try FileManager.default.contentsOfDirectory(atPath: old) == ["store.sqlite-wal"])
        #expect(try Self.count(path) == 30)
    }

    @Test("What a restore left that was killed while it wrote is not rolled back into the next one")
    func staleJournal() throws {
        let place = try StoreBackupTests.Place()
        try Self.make(place)
        let path = place.path("other.sqlite")
        let program = """
            import os, sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("PRAGMA journal_mode=DELETE")
            store.execute("UPDATE log_state SET position = 0")
            store.commit()
            store.execute("PRAGMA cache_size=1")
            store.execute("CREATE TABLE filler (text)")
            store.executemany("INSERT INTO filler VALUES (?)", [("x" * 3000,)] * 300)
            store.execute("UPDATE publisher SET last_sequence = 1")
            os._exit(0)
            """
        try FileManager.default.copyItem(atPath: place.path("crashed/store.sqlite"), toPath: path + ".restoring")
        #expect(try StoreCareTests.python(program, path + ".restoring") == 0)
        #expect(FileManager.default.fileExists(atPath: path + ".restoring-journal"))
        _ = try Self.restore(place.path("backup"), to: path, replacing: false)
        #expect(try Self.count(path) == 30)
        #expect(!FileManager.default.fileExists(atPath: path + ".restoring-journal"))
    }

    @Test("A restore that stops before any of its steps loses nothing, wherever one goes on from there", arguments: [true, false])
    func stopped(replacing: Bool) throws {
        let place = try StoreBackupTests.Place()
        let files = FileManager.default
        try Self.make(place)
        try files.createDirectory(atPath: place.path("place"), withIntermediateDirectories: true)
        if replacing {
            try files.removeItem(atPath: place.path("place"))
            try files.copyItem(atPath: place.path("crashed"), toPath: place.path("place"))
        }
        // The disk as it is before each step that is told.
        var stages: [String] = []
        _ = try StoreRestore(from: place.path("backup"), to: place.path("place/store.sqlite"), replacing: replacing)
            .perform(at: StoreBackupTests.now) { progress in
                guard stages.last != progress.stage || progress.total == 0 else { return }
                try? files.copyItem(atPath: place.path("place"), toPath: place.path("stop \(stages.count)"))
                stages.append(progress.stage)
            }
        #expect(stages.filter { $0.hasPrefix("moving") }.count >= (replacing ? 5 : 2), "\(stages)")
        for (number, stage) in stages.enumerated() where stage == "copying" || stage.hasPrefix("moving") || stage == "the end" {
            for way in ["on", "back"] {
                let folder = place.path("\(way) \(number)")
                try files.copyItem(atPath: place.path("stop \(number)"), toPath: folder)
                let path = folder + "/store.sqlite"
                if stage == "the end" {
                    #expect(try Self.count(path) == 30)
                    continue
                }
                do {
                    _ = try StoreBackupTests.open(path)
                    Issue.record("it was opened before \(stage) (\(number))")
                } catch let error as StoreError {
                    #expect(StoreRestore.isUnfinished(path) && error.code == .unusable)
                    guard way == "back" else { break }
                    #expect(try Self.follow(error) == 0, "\(error)")
                }
                if way == "on" {
                    let outcome = try Self.restore(place.path("backup"), to: path, replacing: replacing)
                    #expect(try Self.count(path) == 30)
                    if replacing { #expect(try Self.count(#require(outcome.oldStore) + "/store.sqlite") == 36, "\(stage) \(number)") }
                } else {
                    #expect(try Self.count(path) == (replacing ? 36 : 0), "\(stage) \(number)")
                }
            }
        }
    }

    @Test("Without its draft a store that was moved aside is not forgotten, and no empty one is made")
    func draftRemoved() throws {
        let place = try StoreBackupTests.Place()
        try Self.make(place)
        let path = place.path("crashed/store.sqlite")
        var number = 0
        _ = try StoreRestore(from: place.path("backup"), to: path, replacing: true).perform(at: StoreBackupTests.now) { progress in
            guard progress.stage.hasPrefix("moving") else { return }
            number += 1
            try? FileManager.default.copyItem(atPath: place.path("crashed"), toPath: place.path("stop \(number)"))
        }
        #expect(number >= 5)
        for number in 2...number {
            let path = place.path("stop \(number)/store.sqlite")
            for name in ["", ".reports"] { try? FileManager.default.removeItem(atPath: path + ".restoring" + name) }
            #expect(throws: StoreError.self) { try StoreBackupTests.open(path) }
            let outcome = try Self.restore(place.path("backup"), to: path)
            #expect(try Self.count(path) == 30)
            #expect(try Self.count(#require(outcome.oldStore) + "/store.sqlite") == 36)
        }
    }

    @Test("A restore that fails before it has moved anything leaves the store to be opened")
    func nothingMoved() throws {
        let place = try StoreBackupTests.Place()
        try Self.make(place)
        let path = place.path("crashed/store.sqlite")
        #expect(throws: StoreError.self) {
            try StoreRestore(from: place.path("backup"), to: path, replacing: true).perform(at: StoreBackupTests.now) { progress in
                // Where the folder for the old store should be.
                if progress.stage == "copying" { try? Data().write(to: URL(fileURLWithPath: path + ".replacing")) }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path + ".restoring.reports"))
        #expect(try Self.count(path) == 36)
    }
}
