// SPDX-License-Identifier: Apache-2.0
import StationModel

/// One line of a station's timeline.
public struct JournalEntry: Sendable, Hashable {
    /// When it happened.
    public let at: Timestamp
    /// The station it is about.
    public let serial: Serial
    /// What it is about.
    public let category: JournalCategory
    /// What happened, in a few words.
    public let text: String
    /// More about it; nil if there is nothing to add.
    public let detail: String?

    public init(at: Timestamp, serial: Serial, category: JournalCategory, text: String, detail: String?) {
        self.at = at
        self.serial = serial
        self.category = category
        self.text = text
        self.detail = detail
    }
}

/// A durable timer: fires once, at or after `due`.
public struct TimerRow: Sendable, Hashable {
    /// Who handles the timer.
    public let name: String
    /// Which one of that name.
    public let key: String
    /// It fires at or after this time.
    public let due: Timestamp

    public init(name: String, key: String, due: Timestamp) {
        self.name = name
        self.key = key
        self.due = due
    }
}

/// What the core itself needs from the store. All methods but ``transaction(_:)`` and ``takeNotices()`` run inside a
/// transaction.
public protocol CoreStore: AnyObject {
    /// Runs `body` and commits; when this returns, what `body` wrote is on the disk (fsync).
    /// A throw means that nothing was committed and that the store must not be used again.
    func transaction(_ body: () throws -> Void) throws
    /// Runs `body`; a throw of `body` undoes what it wrote, and is thrown on.
    func savepoint(_ body: () throws -> Void) throws

    /// Whether this error means that the store itself has failed (disk full, I/O error, damage): then no
    /// savepoint can be trusted, and the batch must not be committed.
    func isFailure(_ error: any Error) -> Bool

    /// What the operator has to be told since the last call; asked for after each batch.
    func takeNotices() -> [StoreNotice]

    /// Nothing more will be written: puts on record how far everything has come, so that a later loss shows.
    func close() throws

    func setTimer(_ timer: TimerRow) throws
    func clearTimer(name: String, key: String) throws
    /// Timers that are due, oldest first.
    func dueTimers(at now: Timestamp, limit: Int) throws -> [TimerRow]
    /// When the next timer is due.
    func nextTimer() throws -> Timestamp?

    func appendJournal(_ entry: JournalEntry) throws
    /// The last `limit` lines of a station's timeline, oldest first.
    func journal(of serial: Serial, limit: Int) throws -> [JournalEntry]

    func lastAudit() throws -> AuditEntry?
    func appendAudit(_ entry: AuditEntry) throws
    func audit(after sequence: Int64, limit: Int) throws -> [AuditEntry]
}
