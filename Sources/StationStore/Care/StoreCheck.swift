// SPDX-License-Identifier: Apache-2.0
import GRDB
import StationCore
import StationJSON

/// Checks everything that can be checked: the database, the chain of the log of receipts, every frame of every segment, the
/// indexes, and whether what the database says of stations is what the log says.
package final class StoreCheck: StoreTask, @unchecked Sendable {
    private enum Stage { case database, audit, publishers, segments, end }

    /// What the database says of a station, against what the log holds.
    private struct Station {
        var sequence: Int64
        var position: Int64
        var isFound = false
    }

    // All of it is used by one thread at a time, see ``StoreTask``.
    private let snapshot: StoreSnapshot
    private var stage = Stage.database
    private var previous: AuditEntry?
    private var stations: [UInt32: Station] = [:]
    private var progressPosition: Int64 = 0
    private var number = 0
    private var segment: SegmentCheck?
    private var bytes: Int64 = 0
    /// How many reports were looked at.
    private(set) var reports: Int64 = 0
    /// How many entries of the log of receipts were looked at.
    var receipts: Int64 { previous?.sequence ?? 0 }
    /// What is wrong, each with what to do. Empty for a store that is whole.
    package private(set) var problems: [String] = []
    package private(set) var progress: StoreProgress

    /// More are not listed.
    private static let mostProblems = 20

    package init(_ snapshot: StoreSnapshot) {
        self.snapshot = snapshot
        progress = StoreProgress(stage: "the database", done: 0, total: snapshot.segmentBytes)
    }

    private func found(_ problem: String) {
        if problems.count < Self.mostProblems { problems.append(problem) }
    }

    private static let advice = "put the last backup in its place (stationmaster restore)"

    package func step() throws -> Bool {
        do {
            switch stage {
            case .database: try checkDatabase()
            case .audit: try checkAudit()
            case .publishers: try loadStations()
            case .segments: try checkSegments()
            case .end: return false
            }
        } catch {
            // Damage that stops a reading is found as well; the stages that can go on without it do.
            switch error {
            case let error as StoreError: found(error.description)
            case let error as DatabaseError:
                found("the database \(snapshot.databasePath) cannot be read (\(error.message ?? "")); \(Self.advice)")
            default: throw error
            }
            if stage == .segments {
                // What the disk does not give is not asked for again.
                segment = nil
                number += 1
            }
            stage = stage == .database || stage == .audit ? .publishers : .segments
            if number >= snapshot.parts.count { stage = .end }
        }
        return true
    }

    package var result: JSON {
        .object([
            "whole": .boolean(problems.isEmpty), "reports": .integer(reports),
            "first": .integer(snapshot.parts.first?.firstPosition ?? 1), "last": .integer(lastPosition),
            "segments": .integer(Int64(snapshot.parts.count)), "bytes": .integer(bytes),
            "receipts": .integer(receipts), "problems": .array(problems.map { .string($0) }),
        ])
    }

    private var lastPosition: Int64 { (snapshot.parts.first?.firstPosition ?? 1) &+ reports &- 1 }

    // MARK: - The database

    private func checkDatabase() throws {
        let flaws = try snapshot.queue.inDatabase { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
                + Row.fetchAll(db, sql: "PRAGMA foreign_key_check").prefix(5).map { row in
                    "a row of \(try row.value(0) as String) refers to a row of \(try row.value(2) as String) that is not there"
                }
        }
        for flaw in flaws {
            found("the database \(snapshot.databasePath) is damaged: \(String(flaw.prefix(200))); \(Self.advice)")
        }
        stage = .audit
        progress.stage = "the log of receipts"
    }

    private func checkAudit() throws {
        let rows = try snapshot.queue.inDatabase { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT 1000",
                arguments: [previous?.sequence ?? 0])
        }
        for row in rows {
            let entry = try StationStore.audit(row)
            guard entry.follows(previous) else {
                found(
                    "entry \(entry.sequence) of the log of receipts does not fit the one before it: it was changed; compare it "
                        + "with the last backup")
                stage = .publishers
                return
            }
            previous = entry
        }
        if rows.count < 1000 { stage = .publishers }
    }

    private func loadStations() throws {
        stage = .segments
        if let begin = snapshot.parts.first?.firstPosition, begin > snapshot.first {
            found("the log \(snapshot.folder) lacks the reports \(snapshot.first) to \(begin - 1); \(Self.advice)")
        }
        if snapshot.parts.isEmpty { finish() }
        try snapshot.queue.inDatabase { db in
            progressPosition = try Int64.fetchOne(db, sql: "SELECT progress_position FROM information_state") ?? 0
            let rows = try Row.fetchCursor(db, sql: "SELECT number, last_sequence, last_position FROM publisher")
            while let row = try rows.next() {
                guard let number = UInt32(exactly: try row.value(0) as Int64) else { continue }
                stations[number] = Station(sequence: try row.value(1), position: try row.value(2))
            }
        }
    }

    // MARK: - The log

    private func checkSegments() throws {
        guard number < snapshot.parts.count else { return finish() }
        var check = segment ?? SegmentCheck(snapshot.parts[number], generation: snapshot.generation)
        if segment == nil { progress.stage = "reports from \(check.part.firstPosition) on" }
        if segment == nil, number > 0 {
            let end = lastPosition &+ 1
            if problems.isEmpty, check.part.firstPosition != end {
                found("the log \(snapshot.folder) lacks the reports from \(end) on; \(Self.advice)")
            }
        }
        // Taken out, so that its table is not copied.
        segment = nil
        let before = check.offset
        try check.step { compare($0, $1) }
        bytes += Int64(check.offset - before)
        progress.done = bytes
        guard check.isDone else { return segment = check }
        if let problem = check.problem { found(problem) }
        if let problem = check.indexProblem() { found(problem) }
        reports += Int64(check.table.count)
        number += 1
        if number == snapshot.parts.count { finish() }
    }

    private func compare(_ place: LogPlace, _ position: Int64) {
        guard let station = stations[place.publisher] else {
            return found("report \(position) is of a station that the database does not know; \(Self.advice)")
        }
        if station.position == position {
            stations[place.publisher]?.isFound = station.sequence == place.sequence
        }
        if position <= progressPosition, place.sequence > station.sequence {
            found(
                "the database knows \(station.sequence) reports of station number \(place.publisher), but the log holds its "
                    + "report \(place.sequence); \(Self.advice)")
        }
    }

    private func finish() {
        stage = .end
        progress.stage = "how far the stations have come"
        guard problems.isEmpty else { return }
        if lastPosition < snapshot.position {
            found("the log ends at report \(lastPosition), but \(snapshot.position) were acknowledged; \(Self.advice)")
        }
        let first = snapshot.parts.first?.firstPosition ?? 1
        for (number, station) in stations.sorted(by: { $0.key < $1.key })
        where station.position >= first && !station.isFound {
            found(
                "the log does not hold report \(station.sequence) of station number \(number) at \(station.position); "
                    + Self.advice)
        }
    }
}
