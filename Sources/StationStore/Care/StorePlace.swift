// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel

/// The place of a store on the disk, and how a restore changes what stands there.
///
/// How far a restore has come is told by names alone, so it can stop anywhere and nothing has to be believed:
///
/// 1. The copy is made ready as `<path>.restoring`. The store is as it was.
/// 2. The folder `<path>.replacing` takes the old store, the database first: a log without its database is refused,
///    while a database without its write-ahead log would pass for a whole one.
/// 3. The copy gets its names, its log first, for the same reason.
/// 4. The folder gets its last name, `<path>.replaced-<time>`.
///
/// Until the third step is done the store is not opened: a start would go on with half of it, or make an empty one.
struct StorePlace {
    let path: String

    /// The endings of a store's files: the database, and what belongs to it.
    private static let endings = ["", "-wal", "-shm", "-journal", ".reports"]
    private static let reports = ".reports"

    var draft: String { path + ".restoring" }
    /// Where the old store is, until the new one is in its place.
    var old: String { path + ".replacing" }
    /// The database of the old store, once it is moved.
    var oldDatabase: String { "\(old)/\(name)" }
    private var name: String { URL(fileURLWithPath: path).lastPathComponent }

    var parent: String {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return parent.isEmpty ? "." : parent
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    // MARK: - What is there

    private var hasDraft: Bool { exists(draft) || exists(draft + Self.reports) }
    /// The log of the copy has its name already, but its database does not: it is made after the log and moved after it.
    private var hasNewLog: Bool {
        guard exists(path + Self.reports), !exists(path) else { return false }
        return exists(draft) && !exists(draft + Self.reports) || exists(oldDatabase + Self.reports)
    }
    private var hasOld: Bool { Self.endings.contains { exists(oldDatabase + $0) } }

    /// What is left of a store, its write-ahead log alone too: SQLite would replay it into whatever database is put
    /// beside it.
    private var remains: [String] {
        Self.endings.filter { exists(path + $0) && !($0 == Self.reports && hasNewLog) }.map { path + $0 }
    }

    /// A file of the store that is there, or was before a restore that did not come to its end.
    var store: String? { remains.first ?? (hasOld ? old : nil) }

    /// Why the store must not be opened, with the commands to go on; nil if no restore stopped half-way.
    var unfinished: StoreError? {
        guard hasDraft || (hasOld && !exists(path)) else { return nil }
        let unwanted = (hasNewLog ? [path + Self.reports] : []) + Self.endings.map { draft + $0 }.filter(exists)
        let away = unwanted.isEmpty ? [] : ["rm -r " + unwanted.map(Self.quoted).joined(separator: " ")]
        let start = "a restore of the store \(path) did not come to its end; run it again"
        guard hasOld else {
            let rest = store == nil ? "to begin with an empty store" : "to go on with the store as it was"
            return StoreError(
                .unusable, "\(start)\(store == nil ? "" : " with --replace"), or, \(rest): `\(away.joined())`")
        }
        let back = "mv \(Self.quoted(old))/* \(Self.quoted(parent)) && rmdir \(Self.quoted(old))"
        return StoreError(
            .unusable,
            "\(start) with --replace, or, to go back to the store that was there and is in \(old): "
                + "`\((away + [back]).joined(separator: " && "))`")
    }

    /// For a shell.
    private static func quoted(_ path: String) -> String {
        "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }

    // MARK: - Moving

    private func move(_ source: String, to target: String) throws {
        guard !exists(target) else {
            throw StoreError(
                .unusable, "both \(source) and \(target) are there; remove the one that does not belong to the old store")
        }
        guard rename(source, target) == 0 else { throw SegmentFile.failure("move", source) }
        // One after the other on the disk, too.
        if target.hasPrefix(old + "/") { try SegmentFile.syncFolder(old) }
        try SegmentFile.syncFolder(parent)
    }

    /// Takes up what an earlier restore left half-way: what it had put in place becomes a draft again, and the rest of the
    /// old store goes where the first of it is.
    func resume() throws {
        if hasNewLog { try move(path + Self.reports, to: draft + Self.reports) }
        if hasOld, !exists(path) { try moveOld { } }
    }

    /// Removes the copy. Its log goes last, see ``hasNewLog``.
    func removeDraft() throws {
        for ending in Self.endings where exists(draft + ending) {
            try FileManager.default.removeItem(atPath: draft + ending)
        }
    }

    /// Moves the copy into place, and what is there aside. If it fails before anything was moved, the store is as it was.
    ///
    /// - Parameter tell: called before each move.
    func replace(_ tell: (String) -> Void) throws {
        do {
            if !remains.isEmpty {
                guard mkdir(old, 0o700) == 0 || errno == EEXIST else { throw SegmentFile.failure("make", old) }
                try SegmentFile.syncFolder(parent)
                try moveOld { tell("moving the old store aside") }
            }
            for ending in [Self.reports, ""] {
                tell("moving the backup into place")
                try move(draft + ending, to: path + ending)
            }
        } catch {
            guard !hasOld, !hasNewLog else {
                throw StoreError(.unusable, "\(error)" + (unfinished.map { "; \($0)" } ?? ""))
            }
            try? removeDraft()
            rmdir(old)
            throw error
        }
    }

    private func moveOld(_ tell: () -> Void) throws {
        for ending in Self.endings where exists(path + ending) {
            tell()
            try move(path + ending, to: oldDatabase + ending)
        }
    }

    /// Gives the folder with the old store its last name, once the new one is in place.
    ///
    /// - Returns: the folder; nil if there was no old store.
    func finish(at now: Timestamp) throws -> String? {
        guard exists(old), !hasDraft, exists(path), rmdir(old) != 0 else { return nil }
        var folder = "\(path).replaced-\(now.milliseconds / 1000)"
        var number = 1
        while exists(folder) {
            number += 1
            folder = "\(path).replaced-\(now.milliseconds / 1000)-\(number)"
        }
        try move(old, to: folder)
        return folder
    }
}
