// SPDX-License-Identifier: Apache-2.0
import StationCore

/// An index says where in a segment a report lies and whose it is. A flipped bit in it would hand out another station's
/// report, so none is used before all of it was read against its checksum.
extension SegmentLog {
    /// Reads the indexes beside the batches, the newest first, and makes those anew that are not what was written. From now
    /// on a batch does not do so for long itself: others wait for it.
    func checkIndexes() {
        isPaced = true
        let parts = segments.reversed().compactMap { segment in
            segment.index.map { index in
                let part = StoreSnapshot.Part(
                    firstPosition: segment.firstPosition, file: segment.file, bytes: segment.bytes, count: segment.count,
                    isSealed: true)
                return (part, index)
            }
        }
        background { [folded] in
            for (part, index) in parts where !index.isSound() { folded.append(Self.remake(part)) }
        }
    }

    /// Reads a segment and writes its index.
    private static func remake(_ part: StoreSnapshot.Part) -> Folded.Outcome {
        var check = SegmentCheck(part, generation: .max)
        do {
            while !check.isDone { try check.step { _, _ in } }
            if let problem = check.problem { throw StoreError(.damaged, problem) }
        } catch {
            return .damaged(part.firstPosition, sentence(error))
        }
        return Folded.write(check.table, firstPosition: part.firstPosition, bytes: part.bytes, to: part.indexPath)
    }

    /// Whether a segment can be used now without holding up a batch for long. In one batch one index is read that the
    /// background has not come to yet; what has to be made anew is left to it.
    func isAtHand(_ segment: Segment) throws -> Bool {
        if isPaced, segment.damage == nil, segment.table == nil, let index = segment.index, index.knownSoundness != true {
            guard index.knownSoundness == nil, allowance.checks > 0 else { return false }
            allowance.checks -= 1
            return index.isSound()
        }
        try trust(segment)
        return true
    }

    /// The same for one of many segments that a request looks at: there is a limit for all requests of a batch.
    func mayVisit(_ segment: Segment) throws -> Bool {
        guard !isPaced || allowance.visits > 0 else { return false }
        allowance.visits -= 1
        return try isAtHand(segment)
    }

    /// Makes an index anew that is not what was written.
    ///
    /// - Throws: ``StoreDamage`` of the whole segment if that is not what was written either.
    func trust(_ segment: Segment) throws {
        if let damage = segment.damage { throw unreadable(segment, segment.positions, damage) }
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
