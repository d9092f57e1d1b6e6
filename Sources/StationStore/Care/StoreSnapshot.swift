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
        /// Whether a crash may have left something at its end that was never acknowledged.
        var mayBeTorn = false

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
    /// While somebody reads the store, nobody else may own it: a restore would move the files away. Nil for a backup.
    private let lock: StoreLock?

    init(database path: String, folder: String, parts: [Part], lock: StoreLock?) throws {
        self.lock = lock
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

    /// The bytes of a page of the database.
    func pageBytes() throws -> Int64 { try queue.inDatabase { try Int64.fetchOne($0, sql: "PRAGMA page_size") ?? 4096 } }

    /// What a copy of the database, the segments and their indexes takes.
    func bytes() throws -> Int64 {
        let pages = try queue.inDatabase { try Int64.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        let indexes = parts.filter(\.isSealed).reduce(Int64(0)) { sum, part in
            var status = stat()
            return stat(part.indexPath, &status) == 0 ? sum + Int64(status.st_size) : sum
        }
        return try pages * pageBytes() + segmentBytes + indexes
    }

    /// The store of a path as it lies there, such as the one in a backup.
    convenience init(files path: String, mayBeTorn: Bool = false, lock: StoreLock? = nil) throws {
        let folder = path + ".reports"
        let names = access(folder, F_OK) == 0 ? try FileManager.default.contentsOfDirectory(atPath: folder) : []
        let firsts = names
            .filter { $0.hasSuffix(".segment") }.compactMap { name in Int64(name.dropLast(8)).map { ($0, name) } }
            .sorted { $0.0 < $1.0 }
        let parts = try firsts.enumerated().map { number, one in
            let file = try SegmentFile(path: "\(folder)/\(one.1)", readOnly: true)
            let isLast = number == firsts.count - 1
            return Part(
                firstPosition: one.0, file: file, bytes: try file.size(), count: nil, isSealed: !isLast,
                mayBeTorn: mayBeTorn && isLast)
        }
        try self.init(database: path, folder: folder, parts: parts, lock: lock)
    }
}

extension StoreSnapshot {
    /// A store that no component runs on, and none starts on while it is looked at. Nothing of it is changed: to open it
    /// would cut its log, bring its schema up to date, and write its indexes anew, in doubt over what is to be looked into.
    package static func atRest(_ path: String) throws -> StoreSnapshot {
        let lock = try StoreLock(path: path + ".lock")
        if let error = StorePlace(path: path).unfinished { throw error }
        do {
            let snapshot = try StoreSnapshot(files: path, mayBeTorn: true, lock: lock)
            let isOfToday = try snapshot.queue.inDatabase { try StationStore.isOfToday($0) }
            guard isOfToday else {
                throw StoreError(
                    .unusable, "the store \(path) is of an older version; start the component, which takes it over, and look again")
            }
            return snapshot
        } catch let error as DatabaseError { throw StationStore.failure(error, path) }
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
        return try StoreSnapshot(database: path, folder: log.folder, parts: parts, lock: lock)
    }
}
