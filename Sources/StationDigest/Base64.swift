// SPDX-License-Identifier: Apache-2.0

/// Base64 with padding (RFC 4648 §4), as XMPP and PEM use it.
public enum Base64 {
    private static let alphabet = Base64Alphabet(last: "+/")

    /// The text of these bytes, padded with `=`.
    public static func encode(_ bytes: [UInt8]) -> String { alphabet.encode(bytes, padded: true) }

    /// Strict: whole quadruples, padding where due, no line breaks, unused bits zero. Otherwise nil.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { text in
            guard text.count % 4 == 0 else { return nil }
            let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
            return alphabet.decode(text.dropLast(padding))
        }
    }
}

/// Base64 for URLs without padding (RFC 4648 §5, RFC 7515 §2), as our payloads use it.
public enum Base64URL {
    private static let alphabet = Base64Alphabet(last: "-_")

    /// The text of these bytes, without padding.
    public static func encode(_ bytes: [UInt8]) -> String { alphabet.encode(bytes, padded: false) }

    /// Strict: no padding, no other characters, unused bits zero, so that each value has one spelling. Otherwise nil.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { alphabet.decode($0[...]) }
    }
}

private struct Base64Alphabet {
    private static let invalid: UInt8 = 0xFF
    private let characters: [UInt8]
    private let values: [UInt8]

    init(last: StaticString) {
        characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8) + Array("\(last)".utf8)
        var values = [UInt8](repeating: Self.invalid, count: 256)
        for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(truncatingIfNeeded: value) }
        self.values = values
    }

    func encode(_ bytes: [UInt8], padded: Bool) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count / 3 &+ 1) &* 4)
        var index = 0
        while index < bytes.count {
            let group = bytes[index..<min(index &+ 3, bytes.count)]
            var bits: UInt32 = 0
            for offset in 0..<3 {
                bits = bits << 8 | (offset < group.count ? UInt32(group[group.startIndex &+ offset]) : 0)
            }
            for position in 0...group.count {
                text.append(characters[Int(bits >> (18 &- 6 &* UInt32(position)) & 0x3F)])
            }
            if padded { text += [UInt8](repeating: UInt8(ascii: "="), count: 3 &- group.count) }
            index &+= 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 &* 3 &+ 2)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for character in text {
            let value = values[Int(character)]
            guard value != Self.invalid else { return nil }
            bits = bits << 6 | UInt32(value)
            held &+= 6
            if held >= 8 {
                held &-= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
                bits &= 1 << held &- 1
            }
        }
        return bits == 0 ? bytes : nil
    }
}
