// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Giving up the oldest reports: whole segments, by unlinking their files.
extension SegmentLog {
    /// The first position that remains when the oldest segment is given up; nil if it has to stay. The segment that is
    /// being written always stays.
    ///
    /// - Parameters:
    ///   - time: milliseconds since 1970; a segment may go when all of it was stored before. Nil for no such rule.
    ///   - bytes: the oldest may go when all segments together have more than so many. Nil for no such rule.
    ///   - position: nothing behind it may go.
    func remaining(storedBefore time: Int64?, beyond bytes: Int64?, upTo position: Int64) -> Int64? {
        guard segments.count > 1, let oldest = segments.first, oldest.end &- 1 <= position else { return nil }
        // Its index says when its reports were stored. Of one that cannot be read it is known that the next one is newer.
        let telling = oldest.damage == nil ? oldest : segments[1]
        let isOld = time.map { ((try? isAtHand(telling)) ?? false) && telling.latest < $0 } ?? false
        let isBeyond = bytes.map { limit in segments.reduce(0) { $0 + Int64($1.bytes) } > limit } ?? false
        return isOld || isBeyond ? oldest.end : nil
    }

    /// Removes the segments that lie wholly before a position, once the database knows that they are given up. A file
    /// that cannot be removed now is removed at the next start.
    func remove(before position: Int64) {
        while segments.count > 1, let oldest = segments.first, oldest.end <= position {
            segments.removeFirst()
            removeFiles(oldest.firstPosition)
        }
        try? SegmentFile.syncFolder(folder)
    }

    /// The index first: a segment without one is read anew, an index without its segment is nothing.
    func removeFiles(_ first: Int64) {
        unlink(path(first, "index"))
        unlink(path(first, "segment"))
    }
}

extension Segment {
    /// When its newest report was stored, in milliseconds since 1970.
    var latest: Int64 { index?.head.latest ?? table.flatMap { $0.count > 0 ? $0.latest : nil } ?? .max }
}
