// SPDX-License-Identifier: Apache-2.0

/// CRC-32C (Castagnoli), the checksum of RFC 3720 §12.1: finds every single flipped bit and every burst of up to
/// 32 bits in a frame of the log. Eight bytes a step, by tables.
enum CRC32C {
    /// The checksum of `bytes`, going on from an earlier one.
    static func checksum(_ bytes: UnsafeRawBufferPointer, after earlier: UInt32 = 0) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc = ~earlier
            var at = 0
            let count = bytes.count
            while count &- at >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) ^ UInt64(crc)
                crc =
                    table[0x700 | Int(word & 0xFF)] ^ table[0x600 | Int(word >> 8 & 0xFF)]
                    ^ table[0x500 | Int(word >> 16 & 0xFF)] ^ table[0x400 | Int(word >> 24 & 0xFF)]
                    ^ table[0x300 | Int(word >> 32 & 0xFF)] ^ table[0x200 | Int(word >> 40 & 0xFF)]
                    ^ table[0x100 | Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
                at &+= 8
            }
            while at < count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[at])) & 0xFF)]
                at &+= 1
            }
            return ~crc
        }
    }

    /// Row `n` holds the effect of a byte that is followed by `n` others.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for row in 1..<8 {
            for byte in 0..<256 {
                let crc = tables[(row - 1) * 256 + byte]
                tables[row * 256 + byte] = crc >> 8 ^ tables[Int(crc & 0xFF)]
            }
        }
        return tables
    }()
}
