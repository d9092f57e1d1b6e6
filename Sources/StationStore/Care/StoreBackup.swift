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
    private let folder: String
    private let made: Timestamp
    private let position: Int64
    private var stage = Stage.database
    private var target: OpaquePointer?
    private var copy: OpaquePointer?
    private var files: [BackupManifest.File] = []
    private var waiting: [(name: String, source: SegmentFile, bytes: Int)] = []
    private var current: FileCopy?
    package private(set) var progress: StoreProgress

    private static let reports = BackupManifest.database + ".reports"
    /// Pages of the database in one slice.
    private static let pages: Int32 = 256

    /// Makes the folder, which must not be there yet.
    ///
    /// - Parameters:
    ///   - lastPosition: the last report of the snapshot.
    package init(_ snapshot: StoreSnapshot, to folder: String, at now: Timestamp, lastPosition: Int64) throws {
        self.snapshot = snapshot
        self.folder = folder
        made = now
        position = lastPosition
        progress = StoreProgress(stage: "the database", done: 0, total: snapshot.segmentBytes)
        guard mkdir(folder, 0o700) == 0, mkdir("\(folder)/\(Self.reports)", 0o700) == 0 else {
            throw errno == EEXIST
                ? StoreError(.unusable, "\(folder) is there already; name a folder that is not")
                : SegmentFile.failure("make", folder)
        }
    }

    deinit {
        if let copy { sqlite3_backup_finish(copy) }
        if let target { sqlite3_close(target) }
    }

    package var result: JSON {
        .object([
            "folder": .string(folder), "position": .integer(position),
            "bytes": .integer(files.reduce(0) { $0 + Int64($1.bytes) }), "files": .integer(Int64(files.count)),
        ])
    }

    package func step() throws -> Bool {
        switch stage {
        case .database: try copyDatabase()
        case .segments: try copySegments()
        case .manifest: try finish()
        case .end: return false
        }
        return true
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
        case SQLITE_OK: return
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

    private static func name(of path: String) -> String { reports + "/" + (path.split(separator: "/").last ?? "") }

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
        if next.name.hasSuffix("segment") { progress.done += Int64(copy.done - before) }
        current = copy
        guard copy.isDone else { return }
        files.append(BackupManifest.File(name: next.name, bytes: copy.done, checksum: copy.checksum))
        current = nil
        waiting.removeLast()
    }

    private func finish() throws {
        try SegmentFile.syncFolder("\(folder)/\(Self.reports)")
        let manifest = BackupManifest(made: made, position: position, files: files)
        let draft = "\(folder)/\(BackupManifest.name).new"
        let file = try SegmentFile(path: draft, create: true)
        try Array(manifest.json.prettyPrinted().utf8).withUnsafeBytes { try file.write([$0], at: 0) }
        try file.sync()
        guard rename(draft, "\(folder)/\(BackupManifest.name)") == 0 else { throw SegmentFile.failure("rename", draft) }
        try SegmentFile.syncFolder(folder)
        stage = .end
        progress.stage = "the manifest"
    }
}

extension StationStore {
    /// A backup of the store as it was after the last batch, to be run slice by slice beside the batches that follow.
    package func backup(to folder: String, at now: Timestamp) throws -> StoreBackup {
        let snapshot = try snapshot()
        let last = snapshot.parts.last.map { $0.firstPosition + Int64($0.count ?? 0) - 1 } ?? 0
        return try StoreBackup(snapshot, to: folder, at: now, lastPosition: last)
    }
}
