// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import GRDBSQLite
import StationJSON
import StationModel

/// Copies a snapshot into a folder of its own while batches go on: the database page by page, then the segments up to
/// the report that belongs to it, then a manifest with the checksums of all.
///
/// The database is copied through the snapshot's own connection and transaction, so commits beside it neither wait
/// nor make it begin anew.
package final class StoreBackup: StoreTask, @unchecked Sendable {
    private enum Stage { case database, segments, manifest, end }

    // All of it is used by one thread at a time, see ``StoreTask``.
    private let snapshot: StoreSnapshot
    private let place: BackupPlace
    private let room: DiskRoom
    private let made: Timestamp
    private let position: Int64
    private var stage = Stage.database
    private var target: OpaquePointer?
    private var copy: OpaquePointer?
    private var files: [BackupManifest.File] = []
    private var waiting: [(name: String, source: SegmentFile, bytes: Int)] = []
    private var current: FileCopy?
    private let pageBytes: Int64
    /// What the files will take, and what they take already.
    private let expected: Int64
    private var written: Int64 = 0
    package private(set) var progress: StoreProgress

    private var folder: String { place.folder }
    /// Pages of the database in one slice.
    private static let pages: Int32 = 256

    /// Makes the folder, which must not be there yet. It goes again if the backup fails or is let go before its end.
    ///
    /// - Parameters:
    ///   - lastPosition: the last report of the snapshot.
    ///   - room: how much room there is. A disk that the backup fills is one on which the store cannot commit.
    package init(
        _ snapshot: StoreSnapshot, to folder: String, at now: Timestamp, lastPosition: Int64, room: DiskRoom = .system
    ) throws {
        self.snapshot = snapshot
        self.room = room
        made = now
        position = lastPosition
        progress = StoreProgress(stage: "the database", done: 0, total: snapshot.segmentBytes)
        pageBytes = try snapshot.pageBytes()
        expected = try snapshot.bytes()
        place = try BackupPlace(folder, of: snapshot.databasePath) { [expected] in try room.require(expected, at: $0) }
    }

    deinit { if stage != .end { discard() } }

    /// Takes away what was made, before the end or after a failure.
    private func discard() {
        stage = .end
        if let copy { sqlite3_backup_finish(copy) }
        if let target { sqlite3_close(target) }
        (copy, target, current) = (nil, nil, nil)
        place.discard()
    }

    package var result: JSON {
        .object([
            "folder": .string(folder), "position": .integer(position),
            "bytes": .integer(files.reduce(0) { $0 + Int64($1.bytes) }), "files": .integer(Int64(files.count)),
        ])
    }

    package func step() throws -> Bool {
        do {
            // Others write to the disk as well, so this is asked again and again.
            if stage != .end { try room.require(max(0, expected - written), at: folder) }
            switch stage {
            case .database: try copyDatabase()
            case .segments: try copySegments()
            case .manifest: try finish()
            case .end: return false
            }
            return true
        } catch {
            discard()
            throw error
        }
    }

    // MARK: - The database

    private func copyDatabase() throws {
        let path = "\(folder)/\(BackupManifest.database)"
        if copy == nil {
            let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE
            guard sqlite3_open_v2(path, &target, flags, nil) == SQLITE_OK, let target else { throw failure(path) }
            chmod(path, 0o600)
            copy = snapshot.queue.inDatabase { sqlite3_backup_init(target, "main", $0.sqliteConnection, "main") }
            guard copy != nil else { throw failure(path) }
        }
        let status = snapshot.queue.inDatabase { _ in sqlite3_backup_step(copy, Self.pages) }
        switch status {
        case SQLITE_OK:
            written = Int64(sqlite3_backup_pagecount(copy) - sqlite3_backup_remaining(copy)) * pageBytes
            return
        case SQLITE_DONE: break
        default: throw failure(path)
        }
        sqlite3_backup_finish(copy)
        copy = nil
        // One file without a write-ahead log beside it, which knows the last report that belongs to it.
        let sql = "PRAGMA journal_mode=DELETE; UPDATE log_state SET position = \(position)"
        guard sqlite3_exec(target, sql, nil, nil, nil) == SQLITE_OK else { throw failure(path) }
        sqlite3_close(target)
        target = nil
        let (bytes, checksum) = try FileCopy.checksum(of: path)
        try SegmentFile(path: path).sync()
        files.append(BackupManifest.File(name: BackupManifest.database, bytes: bytes, checksum: checksum))
        written = Int64(bytes)
        try listSegments()
        stage = .segments
        progress.stage = "the reports"
    }

    private func failure(_ path: String) -> StoreError {
        StoreError(.unusable, "cannot write \(path): \(target.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory")")
    }

    // MARK: - The log

    private func listSegments() throws {
        for part in snapshot.parts {
            waiting.append((Self.name(of: part.file.path), part.file, part.bytes))
            // An index that is not there yet, or not any more, is made anew from its segment.
            guard part.isSealed, let index = try? SegmentFile(path: part.indexPath, readOnly: true) else { continue }
            waiting.append((Self.name(of: part.indexPath), index, try index.size()))
        }
        waiting.reverse()
    }

    private static func name(of path: String) -> String {
        BackupPlace.reports + "/" + (path.split(separator: "/").last ?? "")
    }

    private func copySegments() throws {
        if current == nil {
            guard let next = waiting.last else {
                stage = .manifest
                return
            }
            current = try FileCopy(next.source, bytes: next.bytes, to: "\(folder)/\(next.name)")
        }
        guard var copy = current, let next = waiting.last else { return }
        let before = copy.done
        if !copy.isDone { try copy.step() }
        written += Int64(copy.done - before)
        if next.name.hasSuffix("segment") { progress.done += Int64(copy.done - before) }
        current = copy
        guard copy.isDone else { return }
        files.append(BackupManifest.File(name: next.name, bytes: copy.done, checksum: copy.checksum))
        current = nil
        waiting.removeLast()
    }

    private func finish() throws {
        try place.complete(BackupManifest(made: made, position: position, files: files))
        stage = .end
        progress.stage = "the manifest"
    }
}

extension StationStore {
    /// A backup of the store as it was after the last batch, to be run slice by slice beside the batches that follow.
    ///
    /// - Throws: `unusable` if the folder is there already, or the disk has too little room.
    package func backup(to folder: String, at now: Timestamp, room: DiskRoom = .system) throws -> StoreBackup {
        let snapshot = try snapshot()
        let last = snapshot.parts.last.map { $0.firstPosition + Int64($0.count ?? 0) - 1 } ?? 0
        return try StoreBackup(snapshot, to: folder, at: now, lastPosition: last, room: room)
    }
}
