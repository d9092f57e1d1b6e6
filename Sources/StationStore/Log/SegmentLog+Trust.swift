// SPDX-License-Identifier: Apache-2.0
import StationCore

/// An index says where in a segment a report lies and whose it is. A flipped bit in it would hand out another station's
/// report, so none is used before all of it was read against its checksum.
extension SegmentLog {
    /// Reads the indexes beside the batches, the newest first, so that whoever wants to use one seldom has to wait for it.
    func checkIndexes() {
        let indexes = segments.reversed().compactMap(\.index)
        background { for index in indexes { _ = index.isSound() } }
    }

    /// Makes an index anew that is not what was written.
    ///
    /// - Throws: ``StoreDamage`` of the whole segment if that is not what was written either.
    func trust(_ segment: Segment) throws {
        if let damage = segment.damage { throw unreadable(segment, segment.firstPosition...(segment.end - 1), damage) }
        guard segment.table == nil, let index = segment.index, !index.isSound() else { return }
        let (end, bytes) = (segment.end, segment.bytes)
        segment.index = nil
        do {
            // The database vouches for a sealed segment.
            _ = try scan(segment, bytes, generation: .max, mayBeTorn: false)
            guard end == segment.end else { throw damaged(segment) }
        } catch {
            segment.table = nil
            segment.bytes = bytes
            segment.index = index
            // It is not read again and again: there is nothing that could mend it.
            segment.damage = Self.sentence(error)
            return try trust(segment)
        }
        fold(segment)
    }

    /// What is wrong, and what to do.
    static func sentence(_ error: any Error) -> String {
        let says = (error as? StoreError)?.code == .damaged
        return "\(error)" + (says ? "" : "; see to the disk, or put the last backup in its place")
    }

    /// Reports that cannot be read. The operator is told once for each segment: there may be thousands of them in it.
    func unreadable(_ segment: Segment, _ positions: ClosedRange<Int64>, _ why: String) -> StoreDamage {
        let damage = StoreDamage(
            positions: positions,
            "reports \(positions.lowerBound) to \(positions.upperBound) cannot be read, everything else is served: \(why)")
        if !segment.isDamageTold {
            segment.isDamageTold = true
            notices.append(StoreNotice(.critical, "stored reports cannot be read", damage.description))
        }
        return damage
    }
}
