// SPDX-License-Identifier: Apache-2.0

/// Writes the few ASN.1 types that our extensions consist of (X.690, DER).
///
/// Extensions are never put together from OpenSSL's configuration strings: there a comma in a name starts a new name.
enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        if content.count < 0x80 {
            length = [UInt8(truncatingIfNeeded: content.count)]
        } else {
            var rest = content.count
            while rest > 0 {
                length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
                rest >>= 8
            }
            length.insert(0x80 | UInt8(truncatingIfNeeded: length.count), at: 0)
        }
        return [tag] + length + content
    }

    static func sequence(_ elements: [[UInt8]]) -> [UInt8] { element(0x30, Array(elements.joined())) }
    static func octetString(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }
    static func utf8String(_ text: String) -> [UInt8] { element(0x0C, Array(text.utf8)) }
    static var yes: [UInt8] { element(0x01, [0xFF]) }

    /// `[number] IMPLICIT` of a primitive type.
    static func tagged(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { element(0x80 | number, content) }
    /// `[number] EXPLICIT`, or IMPLICIT of a constructed type.
    static func wrapped(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { element(0xA0 | number, content) }

    /// A number ≥ 0.
    static func integer(_ value: Int64) -> [UInt8] {
        var content: [UInt8] = []
        var rest = max(value, 0)
        repeat {
            content.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        } while rest > 0
        if let first = content.first, first & 0x80 != 0 { content.insert(0, at: 0) }
        return element(0x02, content)
    }

    /// A bit string whose bits are named from 0 (X.680 §22.7): trailing zero bits are left out.
    static func namedBits(_ bits: [UInt8]) -> [UInt8] {
        guard let last = bits.max() else { return element(0x03, [0]) }
        var bytes = [UInt8](repeating: 0, count: Int(last) / 8 + 1)
        for bit in bits { bytes[Int(bit) / 8] |= 0x80 >> (bit % 8) }
        return element(0x03, [7 - last % 8] + bytes)
    }

    static func objectIdentifier(_ arcs: [UInt32]) -> [UInt8] {
        guard arcs.count >= 2 else { return element(0x06, []) }
        var content: [UInt8] = []
        for arc in [arcs[0] &* 40 &+ arcs[1]] + arcs.dropFirst(2) {
            var groups = [UInt8(truncatingIfNeeded: arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                groups.insert(0x80 | UInt8(truncatingIfNeeded: rest & 0x7F), at: 0)
                rest >>= 7
            }
            content += groups
        }
        return element(0x06, content)
    }
}
