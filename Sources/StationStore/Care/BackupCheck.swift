// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationJSON

/// Checks a backup: that every file is there and has the checksum of the manifest, and then the store that they are.
package final class BackupCheck: StoreTask, @unchecked Sendable {
    private let folder: String
    /// What the backup says of itself.
    package let manifest: BackupManifest
    // Used by one thread at a time, see ``StoreTask``.
    private var number = 0
    private var store: StoreCheck?
    private var own: [String] = []
    private var ownProgress: StoreProgress

    /// Throws ``StoreError`` if the folder holds no complete backup.
    package init(folder: String) throws {
        self.folder = folder
        manifest = try BackupManifest(folder: folder)
        ownProgress = StoreProgress(stage: "the files", done: 0, total: manifest.bytes)
    }

    package var progress: StoreProgress { store?.progress ?? ownProgress }
    /// What is wrong; empty for a backup that is whole.
    package var problems: [String] { own + (store?.problems ?? []) }

    package var result: JSON {
        var result = store?.result ?? .object(["whole": .boolean(false)])
        result["problems"] = .array(problems.map { .string($0) })
        result["whole"] = .boolean(problems.isEmpty)
        return result
    }

    package func step() throws -> Bool {
        if let store { return try store.step() }
        guard number < manifest.files.count else {
            guard own.isEmpty else { return false }
            let snapshot = try StoreSnapshot(files: "\(folder)/\(BackupManifest.database)")
            store = StoreCheck(snapshot)
            return true
        }
        let file = manifest.files[number]
        let path = "\(folder)/\(file.name)"
        if let found = try? FileCopy.checksum(of: path) {
            if found.bytes != file.bytes || found.checksum != file.checksum {
                own.append("\(path) is not as it was when the backup was made; use another backup")
            }
        } else {
            own.append("\(path) is missing or cannot be read; use another backup")
        }
        ownProgress.done += Int64(file.bytes)
        number += 1
        return true
    }
}
