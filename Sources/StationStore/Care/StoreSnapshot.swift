// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// What a store held at one commit: the database through a connection of its own that reads only, inside one read
/// transaction, and the segments by their open files. Batches go on beside it; while it is held, the write-ahead log of
/// the database cannot begin anew and grows.
///
/// The connection never writes and never checkpoints, see the store's rule for SQLite before 3.51.3.
package final class StoreSnapshot: @unchecked Sendable {
    /// One segment up to its last complete frame of that moment.
    struct Part: Sendable {
        let firstPosition: Int64
        let file: SegmentFile
        let bytes: Int
        /// How many reports it should hold; nil if nobody knows.
        let count: Int?
        let isSealed: Bool

        var indexPath: String { String(file.path.dropLast("segment".count)) + "index" }
    }

    let databasePath: String
    let folder: String
    let parts: [Part]
    /// The last commit that changed the database.
    let generation: Int64
    /// What lies before it was given up.
    let first: Int64
    /// The position that the database knows to be stored.
    let position: Int64
    // Used by one thread at a time, see ``StoreTask``.
    let queue: DatabaseQueue

    init(database path: String, folder: String, parts: [Part]) throws {
        databasePath = path
        self.folder = folder
        self.parts = parts
        var configuration = Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        configuration.label = "snapshot"
        queue = try DatabaseQueue(path: path, configuration: configuration)
        let state = try queue.inDatabase { db in
            try db.execute(sql: "BEGIN")
            return try Row.fetchOne(db, sql: "SELECT generation, position, first_position FROM log_state")
        }
        guard let state else { throw StoreError(.damaged, "the store has no log_state; put the last backup in its place") }
        generation = try state.value(0)
        position = try state.value(1)
        first = try state.value(2)
    }

    deinit { try? queue.inDatabase { try $0.execute(sql: "ROLLBACK") } }

    /// Bytes of all segments.
    var segmentBytes: Int64 { parts.reduce(0) { $0 + Int64($1.bytes) } }

    /// A store that nobody has opened, such as the one in a backup.
    convenience init(files path: String) throws {
        let folder = path + ".reports"
        let firsts = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".segment") }.compactMap { name in Int64(name.dropLast(8)).map { ($0, name) } }
            .sorted { $0.0 < $1.0 }
        let parts = try firsts.enumerated().map { number, one in
            let file = try SegmentFile(path: "\(folder)/\(one.1)", readOnly: true)
            return Part(
                firstPosition: one.0, file: file, bytes: try file.size(), count: nil, isSealed: number < firsts.count - 1)
        }
        try self.init(database: path, folder: folder, parts: parts)
    }
}

extension StationStore {
    /// The store as it was after the last batch. Called between batches or inside one, by the thread that owns the store.
    package func snapshot() throws -> StoreSnapshot {
        let parts = log.segments.enumerated().map { number, segment in
            let isLast = number == log.segments.count - 1
            return StoreSnapshot.Part(
                firstPosition: segment.firstPosition, file: segment.file, bytes: segment.bytes,
                count: isLast ? log.durableCount : segment.count, isSealed: !isLast)
        }
        return try StoreSnapshot(database: path, folder: log.folder, parts: parts)
    }
}
