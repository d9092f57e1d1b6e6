// SPDX-License-Identifier: Apache-2.0

/// Within tags, attribute values and character data sections.
extension StanzaFramer {
    private static let sectionStart = Array("[CDATA[".utf8)

    @inline(__always)
    mutating func beginTag(_ byte: UInt8, _ end: Int) {
        last = byte
        switch byte {
        case UInt8(ascii: "/"): place = .endTag
        case UInt8(ascii: "?") where depth == 0: place = .declaration
        case UInt8(ascii: "!") where depth > 1:
            place = .sectionBegun
            matched = 0
        case UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "'"), UInt8(ascii: "\""),
            0x00...0x20:
            goBlind(end)
        default: place = .startTag
        }
    }

    /// Within a tag. What has passed a limit before, has.
    @inline(never)
    mutating func goBlind(_ end: Int) {
        check(end, tag: tagStart, isTooDeep: false)
        place = .blind
    }

    mutating func passSection(_ byte: UInt8, _ end: Int) {
        if place == .sectionBegun {
            guard byte == Self.sectionStart[matched] else { return goBlind(end) }
            matched &+= 1
            guard matched == Self.sectionStart.count else { return }
            place = .section
            matched = 0
        } else if byte == UInt8(ascii: "]") {
            matched = min(2, matched &+ 1)
        } else {
            if byte == UInt8(ascii: ">"), matched == 2 { place = .text }
            matched = 0
        }
    }

    /// Goes on to the end of the tag or into an attribute value.
    @inline(__always)
    mutating func scanTag(_ cursor: inout FramerCursor) {
        while cursor.input < cursor.end {
            let byte = cursor.pass()
            switch byte {
            case UInt8(ascii: "'") where place == .startTag: return place = .single
            case UInt8(ascii: "\"") where place == .startTag: return place = .double
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "<"): return goBlind(cursor.output)
            case UInt8(ascii: ">"): return endTag(cursor.output)
            default: last = byte
            }
        }
    }

    @inline(__always)
    mutating func endTag(_ end: Int) {
        let isEnd = place == .endTag
        check(end, tag: tagStart, isTooDeep: !isEnd && depth > limits.depth)
        if isEnd {
            depth &-= 1
        } else {
            if depth == 1, violation == nil { headEnd = end }
            if last != UInt8(ascii: "/") { depth &+= 1 }
        }
        place = depth < 1 ? .ended : .text
    }

    /// Goes on to after the quote that ends an attribute value.
    @inline(__always)
    mutating func scanValue(_ cursor: inout FramerCursor, _ quote: UInt8) {
        last = quote
        while cursor.end &- cursor.input >= 8 {
            let word = cursor.word
            cursor.copyWord(word)
            let found = Self.marks(word, quote)
            if found == 0 {
                cursor.advance(8)
                continue
            }
            cursor.advance((found.trailingZeroBitCount &>> 3) &+ 1)
            place = .startTag
            return
        }
        while cursor.input < cursor.end {
            if cursor.pass() == quote {
                place = .startTag
                return
            }
        }
    }
}
