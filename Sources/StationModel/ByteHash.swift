// SPDX-License-Identifier: Apache-2.0

/// A fast hash of short byte strings for tables in memory, seeded by each process anew, so that nobody can prepare names
/// that collide. Not for anything that is stored or sent.
public enum ByteHash {
    private static let seed = UInt64.random(in: .min ... .max) | 1

    /// The hash of the bytes.
    public static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        let count = raw.count
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        var at = 0
        while count &- at >= 8 {
            state = mix(state ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        var word: UInt64 = 0
        while at < count {
            word = word << 8 | UInt64(raw[at])
            at &+= 1
        }
        return mix(state ^ word)
    }

    /// The hash of the UTF-8 bytes of a text.
    public static func of(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { of($0) }
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return (product.high ^ product.low) &+ seed
    }
}
