// SPDX-License-Identifier: Apache-2.0

/// The UTF-8 bytes that a string of a *validated* document stands for, escapes resolved (RFC 8259 §7).
///
/// It never reads past its source, whatever that holds.
struct UnescapedBytes: IteratorProtocol {
    private let source: UnsafeBufferPointer<UInt8>
    private var at = 0
    /// Bytes of the last escape that are still to come, lowest first.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ source: UnsafeBufferPointer<UInt8>) { self.source = source }

    mutating func next() -> UInt8? {
        if pendingCount > 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            pendingCount &-= 1
            return byte
        }
        guard at < source.count else { return nil }
        let byte = source[at]
        at &+= 1
        guard byte == UInt8(ascii: "\\"), at < source.count else { return byte }
        let mark = source[at]
        at &+= 1
        switch mark {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return codePoint()
        default: return mark
        }
    }

    /// Resolves `uXXXX`, joined with a low surrogate after a high one.
    private mutating func codePoint() -> UInt8 {
        var code = hex4()
        if code & 0xFC00 == 0xD800, at &+ 2 <= source.count, source[at] == UInt8(ascii: "\\") {
            at &+= 2
            code = 0x10000 &+ ((code & 0x3FF) << 10) &+ (hex4() & 0x3FF)
        }
        switch code {
        case ..<0x80:
            return UInt8(truncatingIfNeeded: code)
        case ..<0x800:
            pending = 0x80 | code & 0x3F
            pendingCount = 1
            return UInt8(truncatingIfNeeded: 0xC0 | code >> 6)
        case ..<0x10000:
            pending = (0x80 | code >> 6 & 0x3F) | (0x80 | code & 0x3F) << 8
            pendingCount = 2
            return UInt8(truncatingIfNeeded: 0xE0 | code >> 12)
        default:
            pending = (0x80 | code >> 12 & 0x3F) | (0x80 | code >> 6 & 0x3F) << 8 | (0x80 | code & 0x3F) << 16
            pendingCount = 3
            return UInt8(truncatingIfNeeded: 0xF0 | code >> 18)
        }
    }

    private mutating func hex4() -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 where at < source.count {
            code = code << 4 | UInt32(hexValue(source[at]) & 15)
            at &+= 1
        }
        return code
    }
}

/// The value of a hexadecimal digit, or 255.
@inline(__always) func hexValue(_ byte: UInt8) -> UInt8 {
    switch byte {
    case 0x30...0x39: byte &- 0x30
    case 0x41...0x46: byte &- 0x37
    case 0x61...0x66: byte &- 0x57
    default: 255
    }
}

/// All bytes of a string whose escapes are resolved.
func unescaped(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    var bytes = UnescapedBytes(source)
    while let byte = bytes.next() { result.append(byte) }
    return result
}
