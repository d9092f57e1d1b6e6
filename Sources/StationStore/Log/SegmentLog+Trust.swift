// SPDX-License-Identifier: Apache-2.0

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
    /// - Throws: `damaged` if the segment itself is.
    func trust(_ segment: Segment) throws {
        guard segment.table == nil, let index = segment.index, !index.isSound() else { return }
        let end = segments.first { $0.firstPosition > segment.firstPosition }?.firstPosition
        segment.index = nil
        do {
            // The database vouches for a sealed segment.
            _ = try scan(segment, segment.bytes, generation: .max, mayBeTorn: false)
            guard end == nil || end == segment.end else { throw damaged(segment) }
        } catch {
            segment.table = nil
            segment.index = index
            throw error
        }
        fold(segment)
    }
}
