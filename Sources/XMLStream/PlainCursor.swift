// SPDX-License-Identifier: Apache-2.0

/// Where the reading of plain stanzas stands, in the source and in the arena's bytes.
///
/// Character data is looked at and copied in words, so the destination is written up to seven bytes ahead.
struct PlainCursor {
    let source: UnsafeRawPointer
    let end: Int
    let destination: UnsafeMutableRawPointer
    var input = 0
    var output: Int

    /// How much more room than the source has the destination needs.
    static let slack = 16

    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The byte so far ahead; 0, which no stanza holds, beyond the end.
    @inline(__always)
    func byte(_ ahead: Int = 0) -> UInt8 {
        input &+ ahead < end ? source.load(fromByteOffset: input &+ ahead, as: UInt8.self) : 0
    }

    /// The next eight bytes. In the place of those beyond the end stand spaces.
    @inline(__always)
    private var word: UInt64 {
        if end &- input >= 8 { return UInt64(littleEndian: source.loadUnaligned(fromByteOffset: input, as: UInt64.self)) }
        return lastWord
    }

    @inline(never)
    private var lastWord: UInt64 {
        var word: UInt64 = 0x2020_2020_2020_2020
        for index in 0..<max(0, end &- input) {
            word &= ~(0xFF << UInt64(index &* 8))
            word |= UInt64(source.load(fromByteOffset: input &+ index, as: UInt8.self)) << UInt64(index &* 8)
        }
        return word
    }

    mutating func skipSpace() {
        while input < end, [0x20, 0x0A, 0x0D, 0x09].contains(byte()) { input &+= 1 }
    }

    // MARK: Names

    /// The length of the ASCII name that stands here; 0 if there is none, or what follows belongs to a name too.
    @inline(__always)
    func nameLength(guess: UnsafeBufferPointer<UInt8>) -> Int {
        if let known = guess.baseAddress, isHere(known, guess.count), Self.endsName(byte(guess.count)) { return guess.count }
        return nameLength()
    }

    @inline(never)
    private func nameLength() -> Int {
        guard XMLNameRules.isStart(byte()) else { return 0 }
        var length = 1
        while XMLNameRules.isStart(byte(length)) || XMLNameRules.isLater(byte(length)) { length &+= 1 }
        return byte(length) == UInt8(ascii: ":") || Self.endsName(byte(length)) ? length : 0
    }

    @inline(__always)
    private static func endsName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "=") || byte == UInt8(ascii: ">") || byte == 0x20 || byte == UInt8(ascii: "/")
    }

    /// Whether these bytes are the next ones.
    @inline(__always)
    func isHere(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        end &- input > count && PlainBytes.areEqual(source + input, bytes, count)
    }

    // MARK: Character data

    /// The high bit of each byte that equals `byte`; of bytes above the lowest match it may be set as well.
    @inline(__always)
    private static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (lowBits &* UInt64(byte))
        return (difference &- lowBits) & ~difference
    }

    /// The bytes below a space, in the same way.
    @inline(__always)
    private static func controls(_ word: UInt64) -> UInt64 { (word &- lowBits &* 0x20) & ~word }

    /// Copies words up to the first byte that is marked, below a space or beyond ASCII; false if there is none.
    @inline(__always)
    private mutating func copy(to marks: (UInt64) -> UInt64) -> Bool {
        while input < end {
            let word = word
            (destination + output).storeBytes(of: word.littleEndian, as: UInt64.self)
            let found = (marks(word) | Self.controls(word) | word) & Self.highBits
            let count = found == 0 ? 8 : found.trailingZeroBitCount &>> 3
            input &+= count
            output &+= count
            if found != 0 { return true }
        }
        return false
    }

    /// Copies character data up to a `<`; false if it is not plain, or has no end.
    @inline(__always)
    mutating func passText() -> Bool {
        // `<` and `>` differ in one bit.
        while copy(to: { Self.marks($0 | Self.lowBits &* 2, UInt8(ascii: ">")) | Self.marks($0, UInt8(ascii: "&")) }) {
            switch byte() {
            case UInt8(ascii: "<"): return true
            case UInt8(ascii: "&"):
                if !passReference() { return false }
            case UInt8(ascii: ">"):
                // Of a `]]>` that is not the end of a section expat says what it is.
                if input > 1, source.load(fromByteOffset: input &- 1, as: UInt8.self) == UInt8(ascii: "]") { return false }
                put(UInt8(ascii: ">"), for: 1)
            case 0x0A, 0x09: put(byte(), for: 1)
            case 0x80...:
                if !passWide() { return false }
            default: return false
            }
        }
        return false
    }

    /// Copies an attribute value up to its quote; false if it is not plain, or has no end.
    @inline(__always)
    mutating func passValue(_ quote: UInt8) -> Bool {
        while copy(to: { Self.marks($0, quote) | Self.marks($0, UInt8(ascii: "&")) | Self.marks($0, UInt8(ascii: "<")) }) {
            switch byte() {
            case quote: return true
            case UInt8(ascii: "&"):
                if !passReference() { return false }
            case 0x80...:
                if !passWide() { return false }
            default: return false
            }
        }
        return false
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8, for length: Int) {
        destination.storeBytes(of: byte, toByteOffset: output, as: UInt8.self)
        output &+= 1
        input &+= length
    }

    /// One of the five references that XML predefines (XML 1.0 §4.6).
    @inline(__always)
    private mutating func passReference() -> Bool {
        let word = word
        if word & 0xFFFF_FFFF_FFFF == 0x3B74_6F75_7126 {
            put(UInt8(ascii: "\""), for: 6)
            return true
        }
        return passRareReference(word)
    }

    @inline(never)
    private mutating func passRareReference(_ word: UInt64) -> Bool {
        if word & 0xFFFF_FFFF_FFFF == 0x3B73_6F70_6126 {
            put(UInt8(ascii: "'"), for: 6)
        } else if word & 0xFF_FFFF_FFFF == 0x3B_706D_6126 {
            put(UInt8(ascii: "&"), for: 5)
        } else if word & 0xFFFF_FFFF == 0x3B74_6C26 {
            put(UInt8(ascii: "<"), for: 4)
        } else if word & 0xFFFF_FFFF == 0x3B74_6726 {
            put(UInt8(ascii: ">"), for: 4)
        } else {
            return false
        }
        return true
    }

    /// A character beyond ASCII, if its UTF-8 is right and XML allows it (XML 1.0 §2.2).
    @inline(never)
    private mutating func passWide() -> Bool {
        let lead = byte()
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return false
        }
        var scalar = UInt32(lead) & (0x7F &>> UInt32(length))
        for index in 1..<length {
            guard byte(index) & 0xC0 == 0x80 else { return false }
            scalar = scalar &<< 6 | UInt32(byte(index) & 0x3F)
        }
        switch scalar {
        case 0x80...0x7FF where length == 2, 0x800...0xD7FF where length == 3, 0xE000...0xFFFD where length == 3,
            0x1_0000...0x10_FFFF where length == 4:
            for _ in 0..<length { put(byte(), for: 1) }
            return true
        default: return false
        }
    }
}
