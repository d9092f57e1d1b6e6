// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The folder of a backup while it is made.
///
/// Half a backup is of no use and takes room that the store may need, so none stays: what was made is removed when the
/// backup fails or is let go. What a process made that died meanwhile is removed at the next start of the store, before
/// the database is opened: the disk may be full of it. A note beside the store says where it is.
struct BackupPlace {
    let folder: String
    private let note: String
    /// Held while the backup is made, so that nobody takes it for one that was given up.
    private let lock: StoreLock

    /// The folder of the reports in a backup.
    static let reports = BackupManifest.database + ".reports"
    /// The draft of the manifest: a folder that has it, and no manifest, is half a backup of ours.
    static let draft = BackupManifest.name + ".new"

    private static func note(_ database: String) -> String { database + ".backing-up" }
    private static func parent(_ path: String) -> String { URL(fileURLWithPath: path).deletingLastPathComponent().path }
    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the folder. What is there already stays and is an error, unless it is half a backup that was given up.
    ///
    /// - Parameters:
    ///   - database: the store's path.
    ///   - check: looks at the folder above before anything is made.
    init(_ folder: String, of database: String, _ check: (_ parent: String) throws -> Void) throws {
        Self.removeGivenUp(folder)
        guard !Self.exists(folder) else {
            throw StoreError(.unusable, "\(folder) is there already; name a folder that is not")
        }
        try check(Self.parent(folder))
        note = Self.note(database)
        self.folder = folder
        try Self.write(folder, to: note)
        do {
            guard mkdir(folder, 0o700) == 0 else { throw SegmentFile.failure("make", folder) }
            lock = try StoreLock(path: "\(folder)/\(Self.draft)", of: "the backup")
            guard mkdir("\(folder)/\(Self.reports)", 0o700) == 0 else {
                throw SegmentFile.failure("make", "\(folder)/\(Self.reports)")
            }
        } catch {
            Self.remove(folder)
            unlink(note)
            throw error
        }
    }

    private static func write(_ folder: String, to note: String) throws {
        unlink(note)
        let file = try SegmentFile(path: note, create: true)
        try Array(folder.utf8).withUnsafeBytes { try file.write([$0], at: 0) }
        try file.sync()
    }

    /// Writes the manifest, with which the backup is complete.
    func complete(_ manifest: BackupManifest) throws {
        try SegmentFile.syncFolder("\(folder)/\(Self.reports)")
        // The folder's own name, too, before it is said to be a backup.
        try SegmentFile.syncFolder(Self.parent(folder))
        let draft = "\(folder)/\(Self.draft)"
        let file = try SegmentFile(path: draft)
        try file.cut(to: 0)
        try Array(manifest.json.prettyPrinted().utf8).withUnsafeBytes { try file.write([$0], at: 0) }
        try file.sync()
        guard rename(draft, "\(folder)/\(BackupManifest.name)") == 0 else { throw SegmentFile.failure("rename", draft) }
        try SegmentFile.syncFolder(folder)
        unlink(note)
    }

    /// Removes what was made.
    func discard() {
        Self.remove(folder)
        unlink(note)
    }

    /// Removes the half backup that a process has left which died while it made it.
    static func clean(_ database: String) {
        let note = note(database)
        guard let text = FileManager.default.contents(atPath: note) else { return }
        removeGivenUp(String(decoding: text, as: UTF8.self))
        unlink(note)
    }

    private static func removeGivenUp(_ folder: String) {
        guard folder.hasPrefix("/"), exists("\(folder)/\(draft)"),
            let lock = try? StoreLock(path: "\(folder)/\(draft)", of: "the backup")
        else { return }
        withExtendedLifetime(lock) { remove(folder) }
    }

    /// Removes files that half a backup has, and no other; the mark last, so that it can be done again.
    private static func remove(_ folder: String) {
        guard !exists("\(folder)/\(BackupManifest.name)") else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(reports)")) ?? []
        where BackupManifest.isOurs("\(reports)/\(name)") {
            unlink("\(folder)/\(reports)/\(name)")
        }
        rmdir("\(folder)/\(reports)")
        for ending in ["-journal", "-wal", "-shm", ""] { unlink("\(folder)/\(BackupManifest.database)\(ending)") }
        unlink("\(folder)/\(draft)")
        rmdir(folder)
    }
}
