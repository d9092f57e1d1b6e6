// SPDX-License-Identifier: Apache-2.0

/// Turns any bytes into character data that XML 1.0 allows (§2.2 Char, §2.4).
///
/// What is forbidden becomes U+FFFD and is counted: control characters other than TAB, LF and CR, U+FFFE, U+FFFF, and
/// bytes that are not UTF-8. Carriage returns are written as references, since a parser turns raw ones into line feeds.
struct XMLEscaper: Sendable {
    /// Where the characters stand.
    enum Place { case text, attribute }

    /// How many characters were replaced.
    var replaced = 0

    private static let replacement: StaticString = "\u{FFFD}"
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Appends text, escaped.
    @inline(__always)
    mutating func append(_ text: String, to output: inout [UInt8], as place: Place) {
        let utf8 = text.utf8
        if utf8.withContiguousStorageIfAvailable({ append($0, to: &output, as: place) }) == nil {
            Array(utf8).withUnsafeBufferPointer { append($0, to: &output, as: place) }
        }
    }

    /// Appends bytes that should be UTF-8, escaped.
    mutating func append(_ input: UnsafeBufferPointer<UInt8>, to output: inout [UInt8], as place: Place) {
        guard let base = input.baseAddress else { return }
        let count = input.count
        var run = 0
        var index = 0
        while true {
            index = Self.plainEnd(base, index, count, place)
            guard index < count else { break }
            let byte = base[index]
            if byte >= 0x80 {
                let sequence = UTF8Sequence(base, at: index, of: count)
                if sequence.isAllowed {
                    index &+= sequence.length
                    continue
                }
                output.append(contentsOf: UnsafeBufferPointer(start: base + run, count: index &- run))
                Self.append(Self.replacement, to: &output)
                replaced &+= 1
                index &+= sequence.length
            } else {
                if place == .text, byte == 0x09 || byte == 0x0A {
                    index &+= 1
                    continue
                }
                output.append(contentsOf: UnsafeBufferPointer(start: base + run, count: index &- run))
                appendReference(byte, to: &output)
                index &+= 1
            }
            run = index
        }
        output.append(contentsOf: UnsafeBufferPointer(start: base + run, count: count &- run))
    }

    private mutating func appendReference(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "&"): Self.append("&amp;", to: &output)
        case UInt8(ascii: "<"): Self.append("&lt;", to: &output)
        case UInt8(ascii: ">"): Self.append("&gt;", to: &output)
        case UInt8(ascii: "'"): Self.append("&apos;", to: &output)
        case UInt8(ascii: "\""): Self.append("&quot;", to: &output)
        case 0x09: Self.append("&#9;", to: &output)
        case 0x0A: Self.append("&#10;", to: &output)
        case 0x0D: Self.append("&#13;", to: &output)
        default:
            Self.append(Self.replacement, to: &output)
            replaced &+= 1
        }
    }

    @inline(__always)
    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The index of the first byte that may need care: eight bytes at a time, then one by one.
    @inline(__always)
    private static func plainEnd(_ base: UnsafePointer<UInt8>, _ from: Int, _ count: Int, _ place: Place) -> Int {
        var index = from
        let raw = UnsafeRawPointer(base)
        while count &- index >= 8 {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = special(word, place)
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < count, !isSpecial(base[index], place) { index &+= 1 }
        return index
    }

    /// The high bit of each byte that needs care; of the lowest one for certain, which is all that is asked.
    @inline(__always)
    private static func special(_ word: UInt64, _ place: Place) -> UInt64 {
        var found = word & highs
        found |= (word &- ones &* 0x20) & ~word & highs
        found |= zeroBytes((word & ~(ones &* 0x02)) ^ ones &* 0x3C)
        switch place {
        case .text: found |= zeroBytes(word ^ ones &* 0x26)
        case .attribute: found |= zeroBytes((word & ~ones) ^ ones &* 0x26) | zeroBytes(word ^ ones &* 0x22)
        }
        return found
    }

    @inline(__always)
    private static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    @inline(__always)
    private static func isSpecial(_ byte: UInt8, _ place: Place) -> Bool {
        switch byte {
        case 0x26, 0x3C, 0x3E: true
        case 0x22, 0x27: place == .attribute
        default: byte < 0x20 || byte >= 0x80
        }
    }
}

/// The sequence of bytes that begins with one of 0x80 or more (RFC 3629 §4).
struct UTF8Sequence {
    /// How many bytes belong to it; of a broken one, those that could have begun a character, and at least one.
    let length: Int
    /// Whether it is a character that XML allows.
    let isAllowed: Bool

    init(_ base: UnsafePointer<UInt8>, at index: Int, of count: Int) {
        let first = base[index]
        let needed: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: needed = 1
        case 0xE0: (needed, low) = (2, 0xA0)
        case 0xED: (needed, high) = (2, 0x9F)
        case 0xE1...0xEF: needed = 2
        case 0xF0: (needed, low) = (3, 0x90)
        case 0xF4: (needed, high) = (3, 0x8F)
        case 0xF1...0xF3: needed = 3
        default: needed = 0
        }
        var taken = 0
        while taken < needed, index &+ taken &+ 1 < count {
            let byte = base[index &+ taken &+ 1]
            guard byte >= low, byte <= high else { break }
            (low, high) = (0x80, 0xBF)
            taken &+= 1
        }
        length = taken &+ 1
        guard needed > 0, taken == needed else {
            isAllowed = false
            return
        }
        let isNoncharacter = first == 0xEF && base[index &+ 1] == 0xBF && base[index &+ 2] >= 0xBE
        isAllowed = !isNoncharacter
    }
}
