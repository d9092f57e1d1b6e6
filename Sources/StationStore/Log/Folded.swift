// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What the background has done with indexes, until the next batch takes notice.
final class Folded: Sendable {
    /// Each with the first position of its segment.
    enum Outcome: Sendable {
        /// The index of this table is on the disk.
        case written(Int64, SegmentTable)
        /// It could not be written, and why.
        case unwritten(Int64, SegmentTable, String)
        /// The segment, whose index had to be made anew, is not what was written.
        case damaged(Int64, String)

        var firstPosition: Int64 {
            switch self {
            case .written(let first, _), .unwritten(let first, _, _), .damaged(let first, _): first
            }
        }
    }

    private let outcomes = Mutex<[Outcome]>([])

    func append(_ outcome: Outcome) { outcomes.withLock { $0.append(outcome) } }

    func take() -> [Outcome] {
        outcomes.withLock { outcomes in
            defer { outcomes.removeAll() }
            return outcomes
        }
    }

    /// Writes an index.
    static func write(_ table: SegmentTable, firstPosition: Int64, bytes: Int, to path: String) -> Outcome {
        do {
            try SegmentIndex.write(table, firstPosition: firstPosition, segmentBytes: bytes, to: path)
            return .written(firstPosition, table)
        } catch {
            return .unwritten(firstPosition, table, "\(error)")
        }
    }
}
