// SPDX-License-Identifier: Apache-2.0

/// One record of a spool segment: a header of 24 bytes and a body.
///
/// Layout, little-endian: magic (4), kind (1), flags (1), check of the header (2), body length (4), number (8), CRC-32C (4)
/// over all of the header before it and the body. The header's own check tells a record that was never written whole
/// (good header, too few bytes) from one whose length has been damaged.
struct SpoolRecord: Equatable {
    enum Kind: UInt8 {
        /// First in every segment; the number is the lowest one a report in it may have.
        case segment = 1
        /// A report; the body is the JSON text of its records.
        case report = 2
        /// Every report up to and including this number has been acknowledged.
        case acknowledged = 3
        /// The report of this number follows a hole (flag set), or does not after all (flag clear).
        case gap = 4
    }

    static let headerBytes = 24
    /// The highest number in use anywhere: exact in every JSON reader, and far from overflow.
    static let highestNumber: Int64 = 1 << 52
    static let magic: UInt32 = 0x3152_4D53  // "SMR1"

    var kind: Kind
    var flag: Bool
    var number: Int64
    var body: [UInt8]

    var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Self.headerBytes + body.count)
        append(Self.magic, to: &result)
        result.append(kind.rawValue)
        result.append(flag ? 1 : 0)
        append(UInt16(0), to: &result)
        append(UInt32(truncatingIfNeeded: body.count), to: &result)
        append(UInt64(bitPattern: number), to: &result)
        let check = Self.headerCheck(result[...])
        result[6] = UInt8(truncatingIfNeeded: check)
        result[7] = UInt8(truncatingIfNeeded: check >> 8)
        var checksum = CRC32C()
        checksum.update(result[...])
        checksum.update(body[...])
        append(checksum.value, to: &result)
        result.append(contentsOf: body)
        return result
    }

    /// The low 16 bits of a CRC-32C over the header's first 20 bytes but the two that hold the check itself.
    static func headerCheck(_ header: ArraySlice<UInt8>) -> UInt16 {
        var checksum = CRC32C()
        checksum.update(header.prefix(6))
        checksum.update(header.prefix(20).dropFirst(8))
        return UInt16(truncatingIfNeeded: checksum.value)
    }

    private func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// What stands at one place of a segment.
enum SpoolReading: Equatable {
    case record(SpoolRecord, next: Int)
    /// The bytes end before the record does: it was never written whole, so it was never taken.
    case torn
    /// All bytes are there and they are not what was written.
    case damaged
    case end

    /// Reads the record at `offset`. No content of the file can make this trap.
    static func at(_ offset: Int, in bytes: [UInt8], bodyLimit: Int) -> SpoolReading {
        let left = bytes.count - offset
        if left <= 0 { return .end }
        let header = SpoolRecord.headerBytes
        if left < header { return .torn }
        let magic = UInt32(truncatingIfNeeded: number(bytes, offset, 4))
        if magic != SpoolRecord.magic {
            // Blocks that the file system had allocated and not filled yet read as zeros.
            return bytes[offset...].allSatisfy { $0 == 0 } ? .torn : .damaged
        }
        guard UInt64(SpoolRecord.headerCheck(bytes[offset..<offset + 20])) == number(bytes, offset + 6, 2) else {
            return .damaged
        }
        let length = Int(truncatingIfNeeded: number(bytes, offset + 8, 4))
        guard length <= bodyLimit else { return .damaged }
        guard left - header >= length else { return .torn }
        var checksum = CRC32C()
        checksum.update(bytes[offset..<offset + 20])
        checksum.update(bytes[offset + header..<offset + header + length])
        guard UInt64(checksum.value) == number(bytes, offset + 20, 4),
            let kind = SpoolRecord.Kind(rawValue: bytes[offset + 4]),
            case let value = Int64(bitPattern: number(bytes, offset + 12, 8)),
            (0...SpoolRecord.highestNumber).contains(value)
        else { return .damaged }
        let record = SpoolRecord(
            kind: kind, flag: bytes[offset + 5] & 1 == 1, number: value,
            body: Array(bytes[offset + header..<offset + header + length]))
        return .record(record, next: offset + header + length)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in stride(from: count - 1, through: 0, by: -1) { value = value << 8 | UInt64(bytes[offset + index]) }
        return value
    }
}

extension SpoolRecord {
    static let magicBytes: [UInt8] = [0x53, 0x4D, 0x52, 0x31]
}

/// CRC-32C (Castagnoli), table driven.
struct CRC32C {
    private var state: UInt32 = 0xFFFF_FFFF

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    mutating func update(_ bytes: ArraySlice<UInt8>) {
        var value = state
        for byte in bytes { value = value >> 8 ^ Self.table[Int((value ^ UInt32(byte)) & 0xFF)] }
        state = value
    }

    var value: UInt32 { ~state }
}
