// SPDX-License-Identifier: Apache-2.0
import GRDB
import InformationServices
import StationCore
import StationModel

// What people do with a store: look whether it is whole, and take the reports out.
extension StationStore {
    /// A report as it leaves the store.
    public struct ExportedReport: Sendable {
        /// The item's id, as consumers know it.
        public let item: String
        /// The station's serial, as engraved.
        public let serial: String
        /// The report itself.
        public let entry: LogEntry
    }

    /// The most bytes of reports in one page of an export, unless one report has more.
    private static let pageBytes = 1 << 20
    /// The most reports in one page of an export.
    private static let pageReports = 512

    /// Calls `body` for each report after a position, in order, of one station or of all; reads a page at a time.
    ///
    /// - Parameter range: only reports that were stored within these times.
    /// - Throws: `unusable` if the store knows no station of that serial.
    public func eachReport(
        after position: Int64 = 0, of serial: Serial? = nil, within range: ClosedRange<Timestamp>? = nil,
        _ body: (ExportedReport) throws -> Void
    ) throws {
        var next: Int64? = position
        while let last = next {
            var page: [ExportedReport] = []
            try transaction { (page, next) = try reports(after: last, of: serial, within: range) }
            for report in page { try body(report) }
        }
    }

    /// A page of reports after a position, inside the batch's transaction, and the position after which to go on: nil at
    /// the end. A page may be empty in the midst of the log if nothing there lies within the range.
    ///
    /// - Throws: `unusable` if the store knows no station of that serial.
    package func reports(
        after position: Int64, of serial: Serial?, within range: ClosedRange<Timestamp>?
    ) throws -> (page: [ExportedReport], next: Int64?) {
        let db = try database.db
        let epoch = try information.epoch()
        let wanted = try serial.map { serial in
            let found = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT number FROM publisher WHERE serial = ?"), arguments: [serial.folded])
            guard let found else { throw StoreError(.unusable, "the store has no reports of \(serial)") }
            return found
        }
        var names: [Int64: String] = [:]
        var page: [ExportedReport] = []
        var bytes = 0
        let scan = try log.scan(
            after: position, limit: Self.pageReports, publishers: wanted.map { [$0] },
            storedWithin: range.map { $0.lowerBound.milliseconds...$0.upperBound.milliseconds })
        for place in scan.found {
            let found: LogEntry?
            do { found = try log.entry(at: place.position) } catch let damage as StoreDamage {
                // What comes before it is handed out, and the next page begins with it.
                guard !page.isEmpty else { throw damage }
                return (page, place.position - 1)
            }
            guard let entry = found else { continue }
            if names[entry.publisher] == nil {
                names[entry.publisher] = try String.fetchOne(
                    db.cachedStatement(sql: "SELECT spelling FROM publisher WHERE number = ?"), arguments: [entry.publisher])
            }
            page.append(
                ExportedReport(
                    item: ItemIdentifier(epoch: epoch, position: entry.position).description,
                    serial: names[entry.publisher] ?? "", entry: entry))
            bytes += entry.body.count
            if bytes >= Self.pageBytes { return (page, entry.position) }
        }
        return (page, scan.isEnd ? nil : scan.reached)
    }

    /// Looks at everything in the store: the database's own checks, the chain of the log of receipts, every frame of the
    /// log of reports against its checksum, every index against its segment, and how far each station has come.
    ///
    /// - Parameter progress: told what is looked at next.
    /// - Returns: how many reports and how many entries of the log of receipts were looked at.
    /// - Throws: `damaged` for the first thing that is not as it was written.
    public func verify(progress: (String) -> Void) throws -> (reports: Int64, entries: Int64) {
        let check = StoreCheck(try snapshot())
        var told = ""
        while try check.step() {
            if check.progress.stage != told {
                told = check.progress.stage
                progress(told)
            }
        }
        if let problem = check.problems.first { throw StoreError(.damaged, problem) }
        return (check.reports, check.receipts)
    }
}
