// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel
import StationStore
import Synchronization
import Testing

@Suite("The room that a backup takes")
struct BackupRoomTests {
    /// What is free on a disk that others fill as well.
    private final class Disk: Sendable {
        private let bytes: Mutex<Int64>
        init(_ bytes: Int64) { self.bytes = Mutex(bytes) }
        var free: Int64 {
            get { bytes.withLock { $0 } }
            set { bytes.withLock { $0 = newValue } }
        }
        var room: DiskRoom { DiskRoom { [self] _ in free } }
    }

    private static func store(_ place: StoreBackupTests.Place) throws -> StationStore {
        let store = try StoreBackupTests.open(place.path("store.sqlite"))
        try StoreBackupTests.stations(store)
        for _ in 0..<60 { try StoreBackupTests.report(store, 5) }
        return store
    }

    /// Nothing of a backup is left, nor the note of one.
    private static func isGone(_ place: StoreBackupTests.Place) -> Bool {
        !["backup", "store.sqlite.backing-up"].contains { FileManager.default.fileExists(atPath: place.path($0)) }
    }

    @Test("A backup for which the disk has too little room is refused before anything is made")
    func tooLittle() throws {
        let place = try StoreBackupTests.Place()
        let store = try Self.store(place)
        let disk = Disk(DiskRoom.reserve + 4096)
        do {
            _ = try store.backup(to: place.path("backup"), at: StoreBackupTests.now, room: disk.room)
            Issue.record("it was begun")
        } catch let error as StoreError {
            #expect(error.code == .unusable && error.description.contains("another disk"))
        }
        #expect(Self.isGone(place))
        disk.free = DiskRoom.reserve + (8 << 20)
        try StoreBackupTests.run(store.backup(to: place.path("backup"), at: StoreBackupTests.now, room: disk.room))
        #expect(!FileManager.default.fileExists(atPath: place.path("store.sqlite.backing-up")))
        let check = try BackupCheck(folder: place.path("backup"))
        try StoreBackupTests.run(check)
        #expect(check.problems == [])
    }

    @Test("A backup that runs out of room, or is let go, takes away what it made", arguments: [1, 2, 5, 10])
    func halfWay(steps: Int) throws {
        let place = try StoreBackupTests.Place()
        let store = try Self.store(place)
        let disk = Disk(1 << 40)
        do {
            let backup = try store.backup(to: place.path("backup"), at: StoreBackupTests.now, room: disk.room)
            for _ in 0..<steps { #expect(try backup.step()) }
            disk.free = DiskRoom.reserve - 1
            #expect(throws: StoreError.self) { try backup.step() }
            #expect(Self.isGone(place))
            #expect(try !backup.step())
        }
        try StoreBackupTests.report(store, 5)
        disk.free = 1 << 40
        do {
            let backup = try store.backup(to: place.path("backup"), at: StoreBackupTests.now, room: disk.room)
            for _ in 0..<steps { #expect(try backup.step()) }
        }
        #expect(Self.isGone(place))
    }

    /// Half a backup and its note, as a process leaves them that was killed.
    private static func killed(_ place: StoreBackupTests.Place) throws {
        let store = try Self.store(place)
        let backup = try store.backup(to: place.path("backup"), at: StoreBackupTests.now)
        for _ in 0..<9 { #expect(try backup.step()) }
        for name in ["backup", "store.sqlite.backing-up"] {
            try FileManager.default.copyItem(atPath: place.path(name), toPath: place.path("left " + name))
        }
    }

    private static func putBack(_ place: StoreBackupTests.Place, note: Bool = true) throws {
        for name in ["backup"] + (note ? ["store.sqlite.backing-up"] : []) {
            try FileManager.default.moveItem(atPath: place.path("left " + name), toPath: place.path(name))
        }
    }

    @Test("What a process left that was killed in the midst of a backup goes at the next start, before the store needs room")
    func nextStart() throws {
        let place = try StoreBackupTests.Place()
        try Self.killed(place)
        try Self.putBack(place)
        // SQLite makes these when the copy is brought to rest.
        for ending in ["-wal", "-shm", "-journal"] {
            try Data([1]).write(to: URL(fileURLWithPath: place.path("backup/store.sqlite\(ending)")))
        }
        _ = try StoreBackupTests.open(place.path("store.sqlite"))
        #expect(Self.isGone(place))
    }

    @Test("Half a backup whose note is lost goes with the next backup into its folder")
    func nextBackup() throws {
        let place = try StoreBackupTests.Place()
        try Self.killed(place)
        try Self.putBack(place, note: false)
        let store = try StoreBackupTests.open(place.path("store.sqlite"))
        try StoreBackupTests.run(store.backup(to: place.path("backup"), at: StoreBackupTests.now))
        let check = try BackupCheck(folder: place.path("backup"))
        try StoreBackupTests.run(check)
        #expect(check.problems == [] && check.manifest.position == 300)
    }

    @Test("Only half a backup is taken for one: a whole one, another folder and files of others stay")
    func othersStay() throws {
        let place = try StoreBackupTests.Place()
        let files = FileManager.default
        try Self.killed(place)
        // Somebody else's file in it.
        try Self.putBack(place)
        try Data([1]).write(to: URL(fileURLWithPath: place.path("backup/notes.txt")))
        var store: StationStore? = try StoreBackupTests.open(place.path("store.sqlite"))
        #expect(try files.contentsOfDirectory(atPath: place.path("backup")) == ["notes.txt"])
        // A store that is named as the one in a backup.
        try files.removeItem(atPath: place.path("backup"))
        try files.createDirectory(atPath: place.path("backup"), withIntermediateDirectories: true)
        do { try StoreBackupTests.stations(StoreBackupTests.open(place.path("backup/store.sqlite"))) }
        let before = try files.subpathsOfDirectory(atPath: place.path("backup")).sorted()
        #expect(throws: StoreError.self) { try store?.backup(to: place.path("backup"), at: StoreBackupTests.now) }
        try Data(place.path("backup").utf8).write(to: URL(fileURLWithPath: place.path("store.sqlite.backing-up")))
        store = nil
        store = try StoreBackupTests.open(place.path("store.sqlite"))
        #expect(try files.subpathsOfDirectory(atPath: place.path("backup")).sorted() == before)
        // A whole backup.
        try files.removeItem(atPath: place.path("backup"))
        try store.map { try StoreBackupTests.run($0.backup(to: place.path("backup"), at: StoreBackupTests.now)) }
        try Data(place.path("backup").utf8).write(to: URL(fileURLWithPath: place.path("store.sqlite.backing-up")))
        store = nil
        store = try StoreBackupTests.open(place.path("store.sqlite"))
        let check = try BackupCheck(folder: place.path("backup"))
        try StoreBackupTests.run(check)
        #expect(check.problems == [])
    }
}
