// SPDX-License-Identifier: Apache-2.0

/// Between tags.
extension StanzaFramer {
    private static let quote = Array("&quot;".utf8)
    /// `&quot;` as the low six bytes of a word.
    private static let quoteWord: UInt64 = 0x3B74_6F75_7126
    /// The mark of UTF-8.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The high bit of each byte that equals `byte`; of bytes above the lowest match it may be set as well.
    @inline(__always)
    static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (lowBits &* UInt64(byte))
        return (difference &- lowBits) & ~difference & highBits
    }

    /// Outside of stanzas only whitespace may stand, and the mark of UTF-8 before the header.
    mutating func scanSpace(_ cursor: inout FramerCursor) {
        while cursor.input < cursor.end {
            switch cursor.byte {
            case UInt8(ascii: "<"):
                frameStart = cursor.output
                if depth > 0 {
                    stanzaStart = cursor.output
                    tagStart = cursor.output
                    headEnd = 0
                }
                _ = cursor.pass()
                place = .tagBegun
                return
            case 0x20, 0x09, 0x0A, 0x0D: _ = cursor.pass()
            case let mark where depth == 0 && Self.mark.contains(mark): _ = cursor.pass()
            default: return place = .blind
            }
            if depth == 0 {
                check(cursor.output, tag: tagStart, isTooDeep: false)
                if violation != nil { return }
            }
        }
    }

    /// Goes on until after a `<`.
    @inline(__always)
    mutating func scanText(_ cursor: inout FramerCursor) {
        while cursor.end &- cursor.input >= 8 {
            let word = cursor.word
            cursor.copyWord(word)
            let found = Self.marks(word, UInt8(ascii: "<")) | Self.marks(word, UInt8(ascii: "&"))
            if found == 0 {
                cursor.advance(8)
                continue
            }
            cursor.advance(found.trailingZeroBitCount &>> 3)
            if cursor.byte == UInt8(ascii: "<") {
                tagStart = cursor.output
                cursor.advance(1)
                place = .tagBegun
                return
            }
            // A whole word may not be there any more: the rest is looked at byte by byte.
            guard cursor.end &- cursor.input >= 8 else { break }
            if rewrites, cursor.word & 0xFFFF_FFFF_FFFF == Self.quoteWord {
                cursor.put(UInt8(ascii: "\""))
                cursor.input &+= 6
            } else {
                _ = cursor.pass()
            }
        }
        scanLastText(&cursor)
    }

    @inline(never)
    mutating func scanLastText(_ cursor: inout FramerCursor) {
        while cursor.input < cursor.end {
            let byte = cursor.byte
            if byte == UInt8(ascii: "&"), rewrites {
                let length = quotePrefix(cursor, from: 0)
                if length == Self.quote.count {
                    cursor.put(UInt8(ascii: "\""))
                    cursor.input &+= length
                    continue
                }
                if length == cursor.end &- cursor.input {
                    carried = length
                    cursor.input = cursor.end
                    return
                }
            }
            if byte == UInt8(ascii: "<") {
                tagStart = cursor.output
                _ = cursor.pass()
                place = .tagBegun
                return
            }
            _ = cursor.pass()
        }
    }

    /// How many bytes there are that go on as `&quot;` does from its byte `first`.
    private func quotePrefix(_ cursor: FramerCursor, from first: Int) -> Int {
        var length = 0
        while first &+ length < Self.quote.count, cursor.input &+ length < cursor.end,
            cursor.source.load(fromByteOffset: cursor.input &+ length, as: UInt8.self) == Self.quote[first &+ length]
        { length &+= 1 }
        return length
    }

    /// Goes on with a `&quot;` that was cut; false if it is still not complete.
    mutating func finishCarry(_ cursor: inout FramerCursor) -> Bool {
        let length = quotePrefix(cursor, from: carried)
        if carried &+ length == Self.quote.count {
            cursor.put(UInt8(ascii: "\""))
            cursor.input = length
        } else if length == cursor.end {
            carried &+= length
            cursor.input = length
            return false
        } else {
            for byte in Self.quote.prefix(carried) { cursor.put(byte) }
        }
        carried = 0
        return true
    }
}
