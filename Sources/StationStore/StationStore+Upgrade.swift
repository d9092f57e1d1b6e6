// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import StationModel

extension StationStore {
    /// Moves the reports of a store whose log was a table into segments, once, and then drops the table.
    ///
    /// Until the table is dropped it is what counts: a move that was interrupted begins anew.
    func moveReportTable() throws {
        guard try queue.read({ try $0.tableExists("report_log") }) else { return }
        // A move writes frames that need no commit. Any other is of a store that has been moved already: then it is the
        // database that has gone back to before.
        guard try !log.hasFrameOfCommit() else {
            throw StoreError(
                .damaged, "the database \(path) is older than its log \(log.folder); put the last backup in its place")
        }
        try? FileManager.default.removeItem(atPath: log.folder)
        let moved = SegmentLog(folder: log.folder, segmentBytes: log.segmentBytes, background: { $0() })
        _ = try moved.open(generation: 0, position: 0)
        try queue.writeWithoutTransaction { db in
            let rows = try Row.fetchCursor(
                db, sql: "SELECT position, publisher, sequence, received_ms, is_late, body FROM report_log ORDER BY position")
            while let row = try rows.next() {
                let position: Int64 = try row.value(0)
                let body: Data = try row.value(5)
                let stored = try [UInt8](body).withUnsafeBufferPointer {
                    try moved.append(
                        publisher: try row.value(1), sequence: try row.value(2),
                        receivedAt: Timestamp(milliseconds: try row.value(3)), isLate: try row.value(4),
                        body: $0)
                }
                guard stored == position else {
                    throw StoreError(.damaged, "report \(stored) is missing in the store; put the last backup in its place")
                }
                if moved.pendingBodies.count > 4 << 20 { try moved.flush(generation: 0) }
            }
            try moved.flush(generation: 0)
            let last = try moved.lastPosition()
            try db.inTransaction(.immediate) {
                try db.execute(sql: "UPDATE log_state SET generation = 1, position = ?", arguments: [last])
                try db.execute(sql: "DROP TABLE report_log")
                return .commit
            }
        }
    }
}
