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
    /// CRC-32C of the body. In frames and indexes of the older form, nothing.
    var checksum: UInt32

    static let lateMark: UInt32 = 1 << 31

    var length: Int { Int(lengthAndLate & ~Self.lateMark) }
    var isLate: Bool { lengthAndLate & Self.lateMark != 0 }
}
