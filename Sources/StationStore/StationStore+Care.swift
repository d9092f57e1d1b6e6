// SPDX-License-Identifier: Apache-2.0
import GRDB
import InformationServices
import StationModel

// What people do with a store while no component runs on it: look whether it is whole, and take the reports out.
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

    /// Calls `body` for each report after a position, in order, of one station or of all; reads a page at a time.
    ///
    /// - Throws: `unusable` if the store knows no station of that serial.
    public func eachReport(
        after position: Int64 = 0, of serial: Serial? = nil, _ body: (ExportedReport) throws -> Void
    ) throws {
        var serials: [Int64: String] = [:]
        var epoch: Int64 = 1
        try transaction {
            epoch = try information.epoch()
            try information.eachPublisher { serials[$0.number] = String(decoding: $0.serial, as: UTF8.self) }
        }
        let wanted = try serial.map { serial in
            guard let found = serials.first(where: { $0.value.lowercased() == serial.folded })?.key else {
                throw StoreError(.unusable, "the store has no reports of \(serial)")
            }
            return found
        }
        var last = position
        while true {
            let page = try log.page(after: last, limit: 512, publisher: wanted)
            for entry in page {
                try body(
                    ExportedReport(
                        item: ItemIdentifier(epoch: epoch, position: entry.position).description,
                        serial: serials[entry.publisher] ?? "", entry: entry))
            }
            guard page.count == 512, let end = page.last else { return }
            last = end.position
        }
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
