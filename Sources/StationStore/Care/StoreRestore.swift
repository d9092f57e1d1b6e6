// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import StationCore
import StationJSON
import StationModel

/// Puts a backup in the place of a store.
///
/// The copy is made ready beside the place and then moved there, the log before the database: a database without its
/// log would pass for an empty store.
package struct StoreRestore {
    /// The backup's folder.
    package let source: String
    /// The store's path.
    package let path: String
    /// Whether a store that is there is moved aside.
    package let isReplacing: Bool

    package init(from source: String, to path: String, replacing: Bool) {
        self.source = source
        self.path = path
        isReplacing = replacing
    }

    /// What was done.
    package struct Outcome: Sendable {
        /// The last report that is there again.
        package let position: Int64
        /// The epoch of item ids from now on.
        package let epoch: Int64
        /// Jobs that were ended because their deadline has passed.
        package let endedJobs: Int
        /// Where the files of the old store are now; nil if there was none.
        package let oldStore: String?
        /// When the backup was made.
        package let made: Timestamp
    }

    /// Where the copy is made ready. While it is there, the store is not opened: it may be half in place.
    static func draft(of path: String) -> String { path + ".restoring" }

    /// The files of a store beside its database.
    private static let companions = ["-wal", "-shm", ".reports"]

    /// Checks the backup, makes a copy ready, moves it into place.
    ///
    /// Throws ``StoreError``: `locked` if a component runs, `damaged` for a backup that is not whole, `unusable` if there
    /// is a store and it is not to be replaced.
    package func perform(at now: Timestamp, _ tell: (StoreProgress) -> Void) throws -> Outcome {
        let lock = try StoreLock(path: path + ".lock")
        let isThere = exists(path) || exists(path + ".reports")
        guard isReplacing || !isThere else {
            throw StoreError(.unusable, "there is a store at \(path); with --replace it is moved aside")
        }
        let check = try BackupCheck(folder: source)
        while try check.step() { tell(check.progress) }
        if let problem = check.problems.first { throw StoreError(.damaged, problem) }
        let draft = Self.draft(of: path)
        let (epoch, ended): (Int64, Int)
        do {
            try copy(check.manifest, to: draft, tell)
            (epoch, ended) = try adjust(draft, made: check.manifest.made, old: isThere ? oldEpoch() : 0, now)
        } catch {
            remove(draft)
            throw error
        }
        let old = isThere ? try moveAside(now) : nil
        for name in [".reports", ""] {
            guard rename(draft + name, path + name) == 0 else { throw SegmentFile.failure("move", draft + name) }
            try SegmentFile.syncFolder(parent)
        }
        return withExtendedLifetime(lock) {
            Outcome(
                position: check.manifest.position, epoch: epoch, endedJobs: ended, oldStore: old, made: check.manifest.made)
        }
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private var parent: String {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return parent.isEmpty ? "." : parent
    }

    private func remove(_ draft: String) {
        for name in Self.companions + [""] { try? FileManager.default.removeItem(atPath: draft + name) }
    }

    private func copy(_ manifest: BackupManifest, to draft: String, _ tell: (StoreProgress) -> Void) throws {
        remove(draft)
        guard mkdir(draft + ".reports", 0o700) == 0 else { throw SegmentFile.failure("make", draft + ".reports") }
        var progress = StoreProgress(
            stage: "copying", done: 0, total: manifest.files.reduce(0) { $0 + Int64($1.bytes) })
        for file in manifest.files {
            let rest = file.name.dropFirst(BackupManifest.database.count)
            var copy = try FileCopy(
                SegmentFile(path: "\(source)/\(file.name)", readOnly: true), bytes: file.bytes, to: draft + rest)
            while !copy.isDone {
                try copy.step()
                tell(progress)
            }
            progress.done += Int64(file.bytes)
            guard copy.checksum == file.checksum else {
                throw StoreError(.damaged, "\(source)/\(file.name) changed while it was read; use another backup")
            }
        }
        try SegmentFile.syncFolder(draft + ".reports")
    }

    /// The epoch of the store that is to be replaced; 0 if it cannot be read.
    private func oldEpoch() -> Int64 {
        var configuration = Configuration()
        configuration.readonly = true
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return 0 }
        return (try? queue.read { try Int64.fetchOne($0, sql: "SELECT epoch FROM information_state") }) ?? 0
    }

    /// What happened after the backup is not known here: no id of an item is given twice, nothing that has expired is
    /// offered again, and nobody can answer a challenge of that time.
    private func adjust(_ draft: String, made: Timestamp, old: Int64, _ now: Timestamp) throws -> (Int64, Int) {
        let queue = try DatabaseQueue(path: draft)
        return try queue.write { db in
            let epoch = try Int64.fetchOne(db, sql: "SELECT epoch FROM information_state") ?? 1
            // The same backup may be restored twice, with nothing left of the time between: only the clock tells.
            let next = max(epoch &+ 1, old &+ 1, now.milliseconds / 1000)
            try db.execute(sql: "UPDATE information_state SET epoch = ?", arguments: [next])
            try db.execute(sql: "DELETE FROM challenge")
            let expired = "is_ended = 0 AND deadline_ms <= ?"
            try db.execute(
                sql: """
                    INSERT INTO journal (serial, at_ms, category, text, detail)
                    SELECT serial, ?1, 'job', kind || ' expired', 'the deadline passed before the store was restored'
                    FROM job WHERE is_ended = 0 AND deadline_ms <= ?1
                    """, arguments: [now.milliseconds])
            try db.execute(
                sql: """
                    DELETE FROM timer WHERE name IN ('job-deadline', 'job-silence')
                    AND key IN (SELECT id FROM job WHERE \(expired))
                    """, arguments: [now.milliseconds])
            try db.execute(
                sql: """
                    UPDATE job SET state = 'expired', is_ended = 1, updated_ms = ?,
                        detail = 'the deadline passed before the store was restored' WHERE \(expired)
                    """, arguments: [now.milliseconds, now.milliseconds])
            let ended = db.changesCount
            try audit(db, made: made, epoch: next, now)
            return (next, ended)
        }
    }

    private func audit(_ db: Database, made: Timestamp, epoch: Int64, _ now: Timestamp) throws {
        let last = try Row.fetchOne(db, sql: "SELECT * FROM audit ORDER BY sequence DESC LIMIT 1")
        let entry = AuditEntry.following(
            try last.map(StationStore.audit), at: now, actor: "console", action: "store restored", subject: "store",
            detail: .object(["made": .number(made.seconds), "epoch": .integer(epoch)]))
        try db.execute(
            sql: "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                entry.sequence, entry.at.milliseconds, entry.actor, entry.action, entry.subject, entry.detail,
                entry.previousHash, entry.hash,
            ])
    }

    /// Moves the files of the old store into a folder beside it.
    private func moveAside(_ now: Timestamp) throws -> String {
        var folder = "\(path).replaced-\(now.milliseconds / 1000)"
        var number = 1
        while exists(folder) {
            number += 1
            folder = "\(path).replaced-\(now.milliseconds / 1000)-\(number)"
        }
        guard mkdir(folder, 0o700) == 0 else { throw SegmentFile.failure("make", folder) }
        let name = URL(fileURLWithPath: path).lastPathComponent
        for companion in Self.companions + [""] where exists(path + companion) {
            guard rename(path + companion, "\(folder)/\(name)\(companion)") == 0 else {
                throw SegmentFile.failure("move", path + companion)
            }
        }
        try SegmentFile.syncFolder(folder)
        try SegmentFile.syncFolder(parent)
        return folder
    }
}
