// SPDX-License-Identifier: Apache-2.0

/// The head of a frame: what one batch appended. It is followed by the bodies, one after the other, and by their
/// ``LogPlace``s. 32 bytes, little-endian.
struct FrameHead: BitwiseCopyable {
    /// `SMr2`.
    static let mark: UInt32 = 0x3272_4D53
    /// `SMr1`, the older form: the checksum covers the bodies as well, and the places have none of their own.
    static let olderMark: UInt32 = 0x3172_4D53

    var mark = FrameHead.mark
    /// Bytes of the whole frame.
    var length: UInt32
    /// Of all that follows this field but for the bodies, each of which has its own in its place.
    var checksum: UInt32 = 0
    /// How many reports.
    var count: UInt32
    /// The commit of the database without which the frame does not count.
    var generation: UInt64
    /// The position of the first report.
    var firstPosition: Int64

    static let bytes = MemoryLayout<FrameHead>.size
    /// Where the bytes begin that the checksum covers.
    static let covered = 12

    /// Whether a frame of either form can begin like this.
    var isKnown: Bool { mark == Self.mark || mark == Self.olderMark }

    /// The checksum of a frame with these places.
    func checksum(with places: UnsafeRawBufferPointer) -> UInt32 {
        let head = withUnsafeBytes(of: self) { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[Self.covered...])) }
        return CRC32C.checksum(places, after: head)
    }

    // MARK: - Reading one

    /// The head of a whole and intact frame at an offset of `bytes`; nil for anything else.
    init?(intactIn bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count - offset >= FrameHead.bytes else { return nil }
        self = bytes.loadUnaligned(fromByteOffset: offset, as: FrameHead.self)
        guard isKnown, Int(length) <= bytes.count - offset,
            Int(length) >= FrameHead.bytes + Int(count) * MemoryLayout<LogPlace>.stride
        else { return nil }
        let frame = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Int(length))])
        if mark == Self.olderMark {
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: frame[Self.covered...])) == checksum else { return nil }
        } else {
            let places = UnsafeRawBufferPointer(rebasing: frame[(frame.count - Int(count) * MemoryLayout<LogPlace>.stride)...])
            guard checksum(with: places) == checksum, Self.areIntact(frame, places) else { return nil }
        }
    }

    init(length: UInt32, count: UInt32, generation: UInt64, firstPosition: Int64) {
        self.length = length
        self.count = count
        self.generation = generation
        self.firstPosition = firstPosition
    }

    /// Whether each body is what was written, and there is nothing between them.
    private static func areIntact(_ frame: UnsafeRawBufferPointer, _ places: UnsafeRawBufferPointer) -> Bool {
        var next = FrameHead.bytes
        let end = frame.count - places.count
        for at in stride(from: 0, to: places.count, by: MemoryLayout<LogPlace>.stride) {
            let place = places.loadUnaligned(fromByteOffset: at, as: LogPlace.self)
            guard place.length <= end - next,
                CRC32C.checksum(UnsafeRawBufferPointer(rebasing: frame[next..<(next + place.length)])) == place.checksum
            else { return false }
            next += place.length
        }
        return next == end
    }

    /// A place of an intact frame, with the checksum of its body also where the frame is of the older form. Nil if it does
    /// not lie in the frame.
    ///
    /// - Parameters:
    ///   - bytes: hold the segment from byte `begin` on.
    ///   - offset: where the frame begins in the segment.
    func place(_ number: Int, in bytes: UnsafeRawBufferPointer, from begin: Int = 0, frameAt offset: Int) -> LogPlace? {
        let start = offset + Int(length) - Int(count) * MemoryLayout<LogPlace>.stride
        var place = bytes.loadUnaligned(
            fromByteOffset: start + number * MemoryLayout<LogPlace>.stride - begin, as: LogPlace.self)
        guard Int(place.offset) >= offset + FrameHead.bytes, Int(place.offset) + place.length <= start else { return nil }
        if mark == Self.olderMark {
            let body = bytes[(Int(place.offset) - begin)..<(Int(place.offset) - begin + place.length)]
            place.checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: body))
        }
        return place
    }
}
