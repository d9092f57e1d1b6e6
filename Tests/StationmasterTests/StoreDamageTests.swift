// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import StationTesting
import Testing

@Suite("Damage to a store")
struct StoreDamageTests {
    /// What became of a damaged store.
    private enum Outcome: Hashable { case refused, harmless, cut }

    /// A store with reports in several segments, as it lies on the disk after a clean end or after a crash.
    private static func make(_ place: StoreBackupTests.Place, crashed: Bool) throws -> (path: String, reports: [LogEntry]) {
        let path = place.path("original/store.sqlite")
        try FileManager.default.createDirectory(atPath: place.path("live"), withIntermediateDirectories: true)
        let store = try StoreBackupTests.open(place.path("live/store.sqlite"))
        try StoreBackupTests.stations(store)
        for _ in 0..<120 { try StoreBackupTests.report(store, 4) }
        let reports = try StoreBackupTests.reports(store)
        if !crashed { try store.close() }
        // Copied while it is open: with its write-ahead log, as a crash leaves it.
        try FileManager.default.copyItem(atPath: place.path("live"), toPath: place.path("original"))
        return (path, reports)
    }

    private static func look(_ path: String, _ expected: [LogEntry]) throws -> Outcome {
        do {
            let store = try StoreBackupTests.open(path)
            let services = InformationServices(
                store: store.information, domain: try .init("devices.localhost"), configuration: InformationConfiguration())
            // What a flipped letter of a name does here is another question; it must not end the process.
            try? store.transaction { try services.load() }
            _ = try store.verify { _ in }
            let found = try StoreBackupTests.reports(store)
            if found == expected { return .harmless }
            // The last batch alone can look like one that was never acknowledged, and that is told.
            #expect(store.cutBytes > 0 && found == Array(expected.dropLast(4)), "\(found.count) reports of \(expected.count)")
            return .cut
        } catch let error as StoreError {
            let says = ["put the last backup", ".index file", "install that version", "compare it with the last backup"]
            #expect(says.contains { error.description.contains($0) }, "\(error)")
            return .refused
        }
    }

    @Test(
        "Flipped bits and lost ends in any file of a store: refused with what to do, or harmless; never a trap, never shortened",
        .timeLimit(.minutes(5)), arguments: [false, true])
    func anyFile(crashed: Bool) throws {
        let place = try StoreBackupTests.Place()
        let (original, reports) = try Self.make(place, crashed: crashed)
        let folder = URL(fileURLWithPath: original).deletingLastPathComponent().path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
            .filter { !$0.hasSuffix(".reports") && !$0.hasSuffix(".lock") }.sorted()
        #expect(files.count > 10)
        var random = SeededGenerator(seed: 114)
        var outcomes: [Outcome: Int] = [:]
        for round in 0..<200 {
            let copy = place.path("copy")
            try FileManager.default.copyItem(atPath: folder, toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            // The database and its log make a file each; they are chosen as often as all segments.
            let some = round % 2 == 0 ? files.filter { !$0.contains("/") } : files.filter { $0.contains("/") }
            let file = URL(fileURLWithPath: "\(copy)/\(some[Int(random.next() % UInt64(some.count))])")
            var data = try Data(contentsOf: file)
            guard !data.isEmpty else { continue }
            let at = Int(random.next() % UInt64(data.count))
            if round % 5 == 0 { data = data.prefix(at) } else { data[at] ^= 1 << UInt8(random.next() % 8) }
            try data.write(to: file)
            let outcome = try Self.look(copy + "/store.sqlite", reports)
            outcomes[outcome, default: 0] += 1
            if !crashed { #expect(outcome != .cut, "round \(round): \(file.lastPathComponent)") }
        }
        #expect(outcomes[.refused] ?? 0 > 60 && outcomes[.harmless] ?? 0 > 10, "\(outcomes)")
    }

    @Test("A database whose rows hold nothing where something must be is refused, it does not trap")
    func nulls() throws {
        let place = try StoreBackupTests.Place()
        let (path, _) = try Self.make(place, crashed: false)
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("PRAGMA writable_schema=ON")
            store.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name IN ('log_state')")
            store.execute("PRAGMA writable_schema=RESET")
            store.execute("UPDATE log_state SET generation = NULL")
            store.commit()
            """
        #expect(try StoreCareTests.python(program, path) == 0)
        #expect(try Self.look(path, []) == .refused)
    }

    @Test("A store of the schema before is taken over whole, also when an earlier move was cut short")
    func upgrade() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        do { try StoreBackupTests.stations(StoreBackupTests.open(path)) }
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("DELETE FROM grdb_migrations WHERE identifier LIKE 'information: %' AND identifier NOT LIKE '%publishers%'")
            store.execute("DROP TABLE log_state")
            store.execute("DROP TABLE quarantine")
            store.execute("ALTER TABLE information_state DROP COLUMN was_linked")
            store.execute("CREATE TABLE report_log (position INTEGER PRIMARY KEY CHECK (position > 0),"
                " publisher INTEGER NOT NULL REFERENCES publisher (number), sequence INTEGER NOT NULL CHECK (sequence > 0),"
                " received_ms INTEGER NOT NULL, is_late INTEGER NOT NULL CHECK (is_late IN (0, 1)), body BLOB NOT NULL) STRICT")
            store.execute("CREATE UNIQUE INDEX report_log_by_sequence ON report_log (publisher, sequence)")
            store.executemany("INSERT INTO report_log VALUES (?, ?, ?, ?, ?, ?)",
                [(n, n % 3 + 1, n, 1795413600000 + n, 0, b'{"seq":%d}' % n) for n in range(1, 301)])
            store.commit()
            """
        #expect(try StoreCareTests.python(program, path) == 0)
        // What a process left behind that died while it moved them: some segments, and the last of them torn.
        let half = place.path("half.sqlite")
        for name in ["", "-wal"] where FileManager.default.fileExists(atPath: path + name) {
            try FileManager.default.copyItem(atPath: path + name, toPath: half + name)
        }
        try StoreBackupTests.open(half).close()
        let left = path + ".reports"
        try? FileManager.default.removeItem(atPath: left)
        try FileManager.default.copyItem(atPath: half + ".reports", toPath: left)
        let segments = try FileManager.default.contentsOfDirectory(atPath: left).filter { $0.hasSuffix("segment") }.sorted()
        let last = URL(fileURLWithPath: "\(left)/\(segments.last ?? "")")
        try Data(contentsOf: last).dropLast(7).write(to: last)
        let store = try StoreBackupTests.open(path)
        let reports = try StoreBackupTests.reports(store)
        #expect(reports.map(\.sequence) == Array(1...300))
        #expect(reports.allSatisfy { $0.body == Array("{\"seq\":\($0.sequence)}".utf8) })
        #expect(try store.verify { _ in } == (300, 0))
    }

    @Test("A log is never thrown away for a database that has gone back to before it was moved")
    func goneBack() throws {
        let place = try StoreBackupTests.Place()
        let path = place.path("store.sqlite")
        do { try StoreBackupTests.stations(StoreBackupTests.open(path)) }
        let files = FileManager.default
        try files.copyItem(atPath: path, toPath: place.path("early"))
        do {
            let store = try StoreBackupTests.open(path)
            for _ in 0..<20 { try StoreBackupTests.report(store, 3) }
            try store.close()
        }
        try files.removeItem(atPath: path)
        try files.copyItem(atPath: place.path("early"), toPath: path)
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.execute("CREATE TABLE report_log (position INTEGER PRIMARY KEY, publisher INTEGER, sequence INTEGER,"
                          " received_ms INTEGER, is_late INTEGER, body BLOB) STRICT")
            store.commit()
            """
        #expect(try StoreCareTests.python(program, path) == 0)
        let before = try files.subpathsOfDirectory(atPath: path + ".reports").sorted()
        #expect(throws: StoreError.self) { try StoreBackupTests.open(path) }
        #expect(try files.subpathsOfDirectory(atPath: path + ".reports").sorted() == before && !before.isEmpty)
    }
}
