// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import StationCore
import StationJSON
import StationModel

/// Puts a backup in the place of a store.
///
/// The copy is made ready beside the place and then moved there, see ``StorePlace``.
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

    /// Whether an earlier restore of the store at this path stopped half-way.
    package static func isUnfinished(_ path: String) -> Bool { StorePlace(path: path).unfinished != nil }

    /// Checks the backup, makes a copy ready, moves it into place.
    ///
    /// Throws ``StoreError``: `locked` if a component runs, `damaged` for a backup that is not whole, `unusable` if there
    /// is a store and it is not to be replaced.
    package func perform(at now: Timestamp, _ tell: (StoreProgress) -> Void) throws -> Outcome {
        let lock = try StoreLock(path: path + ".lock")
        let place = StorePlace(path: path)
        _ = try place.finish(at: now)
        if let found = place.store, !isReplacing {
            throw StoreError(
                .unusable, "there is a store at \(path), or what is left of one (\(found)); with --replace it is moved aside")
        }
        let check = try BackupCheck(folder: source)
        while try check.step() { tell(check.progress) }
        if let problem = check.problems.first { throw StoreError(.damaged, problem) }
        try place.resume()
        let (epoch, ended): (Int64, Int)
        do {
            try copy(check.manifest, to: place, tell)
            (epoch, ended) = try adjust(place.draft, made: check.manifest.made, old: oldEpoch(place), now)
            try verify(place.draft)
        } catch {
            try? place.removeDraft()
            throw error
        }
        try place.replace { tell(StoreProgress(stage: $0, done: 0, total: 0)) }
        tell(StoreProgress(stage: "the end", done: 0, total: 0))
        let old = try place.finish(at: now)
        return withExtendedLifetime(lock) {
            Outcome(
                position: check.manifest.position, epoch: epoch, endedJobs: ended, oldStore: old, made: check.manifest.made)
        }
    }

    private func copy(_ manifest: BackupManifest, to place: StorePlace, _ tell: (StoreProgress) -> Void) throws {
        try place.removeDraft()
        let draft = place.draft
        try SegmentFile.makeFolder(draft + ".reports")
        var progress = StoreProgress(stage: "copying", done: 0, total: manifest.bytes)
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

    /// The epoch of the store that is to be replaced; 0 if there is none or it cannot be read.
    private func oldEpoch(_ place: StorePlace) -> Int64 {
        var configuration = Configuration()
        configuration.readonly = true
        let found = access(path, F_OK) == 0 ? path : place.oldDatabase
        guard let queue = try? DatabaseQueue(path: found, configuration: configuration) else { return 0 }
        return (try? queue.read { try Int64.fetchOne($0, sql: "SELECT epoch FROM information_state") }) ?? 0
    }

    /// The last look at the copy: what it was made from was whole.
    private func verify(_ draft: String) throws {
        let flaw = try DatabaseQueue(path: draft).read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
        guard flaw == "ok" else {
            throw StoreError(
                .damaged, "the copy \(draft) came out damaged (\(flaw ?? "")); see to the disk and run the restore again")
        }
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
}
