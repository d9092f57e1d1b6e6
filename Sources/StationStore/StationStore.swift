// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import GRDB
import GRDBSQLite
import InformationServices
import StationCore

/// Why a store cannot be used, with what to do.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What is wrong with the store.
    public enum Code: Sendable { case locked, damaged, newer, unusable }
    /// To switch on.
    public let code: Code
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// The database of the batch that is running; outside of one there is none.
public final class CurrentDatabase {
    private var current: Database?

    /// The connection inside the batch's transaction.
    public var db: Database {
        get throws {
            guard let current else { throw StoreError(.unusable, "the store was used outside a transaction") }
            return current
        }
    }

    func run<T>(with db: Database, _ body: () throws -> T) rethrows -> T {
        current = db
        defer { current = nil }
        return try body()
    }
}

/// The SQLite store: one connection that writes and checkpoints, `synchronous=FULL`, an exclusive lock
/// against a second process, strict tables, append-only migrations.
public final class StationStore {
    /// The folder's database file.
    public let path: String
    let queue: DatabaseQueue
    let lock: StoreLock
    /// The connection inside the transaction that runs.
    public let database = CurrentDatabase()
    /// The tables of device management.
    public let device: any DeviceStore
    /// The tables of information services.
    public let information: any InformationStore
    let log: SegmentLog
    /// The last commit that changed the database: frames of the log name it.
    private var generation: Int64 = 0
    /// Bytes at the end of the log that were never acknowledged and were cut off at the start.
    public private(set) var cutBytes = 0

    /// Opens or creates the store at `path`, with its log of reports in the folder `path` + `.reports`.
    ///
    /// Throws ``StoreError``: `locked` names the process that has it, `damaged` says how to restore,
    /// `newer` that a newer version has written it.
    ///
    /// - Parameters:
    ///   - segmentBytes: how large a segment of the log grows.
    ///   - background: runs what need not hold up a batch; at once if nothing is given.
    public init(
        path: String, segmentBytes: Int = 64 << 20,
        background: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { $0() }
    ) throws {
        self.path = path
        lock = try StoreLock(path: path + ".lock")
        if let error = StorePlace(path: path).unfinished { throw error }
        BackupPlace.clean(path)
        var configuration = Configuration()
        configuration.label = "stationmaster"
        configuration.foreignKeysEnabled = true
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try Self.prepare(queue)
        } catch let error as DatabaseError {
            throw Self.failure(error, path)
        }
        log = SegmentLog(folder: path + ".reports", segmentBytes: segmentBytes, background: background)
        device = SQLiteDeviceStore(database: database)
        information = SQLiteInformationStore(database: database, log: log)
        do { try openLog() } catch let error as DatabaseError { throw Self.failure(error, path) }
    }

    /// What SQLite could not do while the store was opened. A schema or a row that is not what it was shows as an error
    /// of a statement, too.
    static func failure(_ error: DatabaseError, _ path: String) -> StoreError {
        let message = error.message ?? ""
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            return StoreError(.damaged, "the store \(path) is damaged (\(message)); put the last backup in its place")
        default:
            return StoreError(.unusable, "the store \(path) cannot be opened: \(message); see to the disk and its rights")
        }
    }

    private func openLog() throws {
        try moveReportTable()
        let state = try queue.read { db in
            try Row.fetchOne(db, sql: "SELECT generation, position, first_position FROM log_state")
        }
        guard let state else { throw StoreError(.damaged, "the store has no log_state") }
        generation = try state.value(0)
        cutBytes = try log.open(generation: generation, first: try state.value(2), position: try state.value(1))
        try writeBack()
    }

    private static func prepare(_ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode=WAL")
            try db.execute(sql: "PRAGMA synchronous=FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint=4000")
            try db.execute(sql: "PRAGMA cache_size=-6144")
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                throw StoreError(.unusable, "SQLite did not accept synchronous=FULL")
            }
        }
        let migrator = migrator
        try queue.read { try refuseNewer($0, migrator) }
        try migrator.migrate(queue)
        // GRDB may have set its own value while migrating.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous=FULL") }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        CoreMigrations.register(in: &migrator)
        DeviceMigrations.register(in: &migrator)
        InformationMigrations.register(in: &migrator)
        return migrator
    }

    private static func refuseNewer(_ db: Database, _ migrator: DatabaseMigrator) throws {
        guard try migrator.hasBeenSuperseded(db) else { return }
        throw StoreError(.newer, "the store was written by a newer version of Stationmaster; install that version")
    }

    /// Whether nothing of the store would be taken over from an older version if it were opened.
    static func isOfToday(_ db: Database) throws -> Bool {
        try refuseNewer(db, migrator)
        return try migrator.hasCompletedMigrations(db) && !db.tableExists("report_log")
    }

    /// Reads the indexes of the log against their checksums in the background. From now on a batch reads a bounded part of
    /// the log, and refuses with ``StoreBusy`` what would take longer.
    package func checkIndexes() { log.checkIndexes() }

    /// The version of the SQLite library that is linked.
    public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

    /// The text of the schema, as it stands in `Schemas/sql/`.
    public func schema() throws -> String {
        try queue.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                    AND name NOT LIKE 'grdb_%' ORDER BY name
                    """
            ).map { $0 + ";\n" }.joined(separator: "\n")
        }
    }
}

extension StationStore: CoreStore {
    /// The log is synced before the database commits; a batch that changes the log alone needs no commit at all.
    public func transaction(_ body: () throws -> Void) throws {
        log.takeFolded()
        try queue.writeWithoutTransaction { db in
            try database.run(with: db) {
                var next = generation
                try db.inTransaction(.immediate) {
                    let changes = db.totalChangesCount
                    try body()
                    if db.totalChangesCount != changes { next = generation &+ 1 }
                    try log.flush(generation: next)
                    if next != generation {
                        try db.cachedStatement(sql: "UPDATE log_state SET generation = ?, position = ?")
                            .execute(arguments: [next, log.lastPosition()])
                    }
                    return .commit
                }
                generation = next
            }
        }
    }

    /// A log that has lost its end since cannot pass for one that was cut by a crash.
    public func close() throws {
        let position = try log.lastPosition()
        try queue.write { try $0.execute(sql: "UPDATE log_state SET position = ?", arguments: [position]) }
        try writeBack()
    }

    /// Brings all commits into the database's own file. SQLite forgets what stands behind a damaged place of the
    /// write-ahead log without a word, so as little as may be should stand there while nobody looks.
    private func writeBack() throws {
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    public func savepoint(_ body: () throws -> Void) throws {
        let mark = log.mark
        let db = try database.db
        // Compiled once: a batch has a savepoint for each of its requests.
        try db.cachedStatement(sql: "SAVEPOINT request").execute()
        do {
            try body()
            try db.cachedStatement(sql: "RELEASE request").execute()
        } catch {
            log.rollBack(to: mark)
            // After some failures SQLite has undone the whole transaction, and nothing can be released.
            if db.isInsideTransaction {
                try db.cachedStatement(sql: "ROLLBACK TO request").execute()
                try db.cachedStatement(sql: "RELEASE request").execute()
            }
            throw error
        }
    }

    public func takeNotices() -> [StoreNotice] {
        guard !log.notices.isEmpty else { return [] }
        defer { log.notices.removeAll() }
        return log.notices
    }

    /// A constraint that does not hold is a refused request; everything else that SQLite reports is the store's own, and so
    /// is a write or sync of the log that failed. A part of the log that cannot be read is neither: see ``StoreDamage``.
    public func isFailure(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return error is StoreError }
        return error.resultCode != .SQLITE_CONSTRAINT
    }
}
