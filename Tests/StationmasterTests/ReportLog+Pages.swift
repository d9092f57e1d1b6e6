// SPDX-License-Identifier: Apache-2.0
import InformationServices

extension ReportLog {
    /// Up to `limit` reports after a position, of one publisher or of all.
    func page(after position: Int64, limit: Int, publisher: Int64?) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        var scan = LogScan(reached: position)
        while !scan.isEnd, entries.count < limit {
            scan = try self.scan(after: scan.reached, limit: limit - entries.count, publishers: publisher.map { [$0] })
            entries += try scan.found.compactMap { try entry(at: $0.position) }
        }
        return entries
    }

    /// Up to `limit` reports before a position, the newest first.
    func page(before position: Int64, limit: Int, publisher: Int64?) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        var scan = LogScan(reached: position)
        while !scan.isEnd, entries.count < limit {
            scan = try self.scan(before: scan.reached, limit: limit - entries.count, publishers: publisher.map { [$0] })
            entries += try scan.found.compactMap { try entry(at: $0.position) }
        }
        return entries
    }
}
