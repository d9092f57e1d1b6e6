// SPDX-License-Identifier: Apache-2.0

/// Where a report lies in its segment, and whose it is: one row of the segment's table, in the order of positions.
///
/// It stands as it is in memory, in frames and in index files, so its layout is part of the format: 32 bytes, little-endian.
struct LogPlace: BitwiseCopyable, Equatable {
    /// The publisher's number.
    var publisher: UInt32
    /// Bytes of the body; the high bit marks a late report.
    var lengthAndLate: UInt32
    /// The station's own number of the report.
    var sequence: Int64
    /// When it was stored, in milliseconds since 1970.
    var received: Int64
    /// Offset of the body in the segment file.
    var offset: UInt32
    /// In memory: the place of the publisher's report before this one in the segment and one; 0 for none.
    var previous: UInt32

    static let lateMark: UInt32 = 1 << 31

    var length: Int { Int(lengthAndLate & ~Self.lateMark) }
    var isLate: Bool { lengthAndLate & Self.lateMark != 0 }
}

/// The head of a frame: what one batch appended. It is followed by the bodies, one after the other, and by their
/// ``LogPlace``s. 32 bytes, little-endian.
struct FrameHead: BitwiseCopyable {
    /// `SMr1`.
    static let mark: UInt32 = 0x3172_4D53

    var mark = FrameHead.mark
    /// Bytes of the whole frame.
    var length: UInt32
    /// Of all that follows this field.
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
}
