// SPDX-License-Identifier: Apache-2.0
import GRDB
import InformationServices
import StationCore
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
        progress("the database")
        try queue.read { db in
            let words = try String.fetchAll(db, sql: "PRAGMA integrity_check(1)")
            guard words == ["ok"] else { throw damaged("the database says: \(words.first ?? "nothing")") }
            guard try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else {
                throw damaged("a row of the database refers to one that is not there")
            }
        }
        progress("the log of receipts")
        let entries = try verifyAudit()
        for segment in log.segments {
            progress("reports \(segment.firstPosition) to \(segment.end - 1)")
            try log.verify(segment)
        }
        progress("how far the stations have come")
        let last = try log.lastPosition()
        try transaction {
            try information.eachPublisher { publisher in
                guard publisher.lastPosition <= last else {
                    throw damaged("station \(String(decoding: publisher.serial, as: UTF8.self)) is ahead of the log")
                }
            }
        }
        return (last - (try log.firstPosition()) + 1, entries)
    }

    private func verifyAudit() throws -> Int64 {
        var previous: AuditEntry?
        var count: Int64 = 0
        while true {
            var page: [AuditEntry] = []
            try transaction { page = try audit(after: previous?.sequence ?? 0, limit: 1000) }
            for entry in page {
                guard entry.follows(previous) else {
                    throw damaged("entry \(entry.sequence) of the log of receipts does not follow the one before it")
                }
                previous = entry
                count += 1
            }
            if page.count < 1000 { return count }
        }
    }

    private func damaged(_ what: String) -> StoreError {
        StoreError(.damaged, "\(what); put the last backup in the place of \(path)")
    }
}

extension SegmentLog {
    /// Reads a segment again and compares its places with those in use, and its index with the checksum.
    func verify(_ segment: Segment) throws {
        let fresh = Segment(firstPosition: segment.firstPosition, file: segment.file, bytes: segment.bytes)
        try read(fresh, segment.bytes)
        guard fresh.count == segment.count, segment.index?.isIntact() ?? true else { throw damagedIndex(segment) }
        for index in 0..<fresh.count {
            guard let place = fresh.place(index), let used = segment.place(index), place.offset == used.offset,
                place.publisher == used.publisher, place.sequence == used.sequence, place.received == used.received,
                place.lengthAndLate == used.lengthAndLate
            else { throw damagedIndex(segment) }
        }
    }

    private func read(_ segment: Segment, _ size: Int) throws {
        _ = try scan(segment, size, generation: .max, mayBeTorn: false)
    }

    private func damagedIndex(_ segment: Segment) -> StoreError {
        StoreError(
            .damaged,
            "the index of \(segment.file.path) does not belong to it; remove the .index file, it is made anew at the next start")
    }
}
