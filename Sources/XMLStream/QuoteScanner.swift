// SPDX-License-Identifier: Apache-2.0

/// Follows the tags of a stream in front of expat, and turns `&quot;` in the text of stanzas into `"`.
///
/// Servers escape every quote of a JSON text, and expat makes each a piece of text of its own: 53 calls for a report
/// instead of one. In character data both spellings mean the same (XML 1.0 §4.6). Attribute values stay as they are.
///
/// What the tags are is clear as long as the stream is well-formed; where it is not, expat refuses it no later than the
/// scanner goes astray. Character data sections pass as they are. At any other `<!`, and at `<?` after the header, the
/// scanner goes blind, as expat refuses what follows.
struct QuoteScanner {
    enum Place: UInt8 {
        case text
        /// After `<`.
        case tagBegun
        case startTag
        case endTag
        /// In an attribute value, by its quote.
        case single, double
        /// In `<?xml … ?>` before the root.
        case declaration
        /// In `<![CDATA[`, and in the section that it begins.
        case sectionBegun, section
        case blind
    }

    private(set) var place = Place.text
    /// Open elements, the root included.
    private(set) var depth = 0
    /// The byte before in a tag or declaration, to tell `/>` and `?>`.
    private var last: UInt8 = 0
    /// How many bytes of `&quot;` were read and not passed on, as more may follow. They cannot end a stanza.
    private(set) var carried = 0

    /// In `<![CDATA[`: how many bytes after `<!` were as they should be. In the section: how many `]` came last, 2 at most.
    private var matched = 0

    private static let sectionStart = Array("[CDATA[".utf8)
    private static let quote = Array("&quot;".utf8)
    /// `&quot;` as the low six bytes of a word.
    private static let quoteWord: UInt64 = 0x3B74_6F75_7126
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// How much larger than its source the destination of a scan has to be.
    static let slack = 16

    /// At the start of a stream.
    init() {}

    /// Between two stanzas of a stream.
    static var betweenStanzas: QuoteScanner {
        var scanner = QuoteScanner()
        scanner.depth = 1
        return scanner
    }

    /// The same place, with nothing kept back.
    var withoutCarry: QuoteScanner {
        var scanner = self
        scanner.carried = 0
        return scanner
    }

    /// One that passes everything on as it is.
    static var blind: QuoteScanner {
        var scanner = QuoteScanner()
        scanner.place = .blind
        return scanner
    }

    /// Where the scanner is after these bytes, which were rewritten already.
    func passing(_ bytes: Slice<UnsafeRawBufferPointer>) -> QuoteScanner {
        var scanner = self
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes.count &+ Self.slack, alignment: 8)
        defer { scratch.deallocate() }
        _ = scanner.scan(UnsafeRawBufferPointer(rebasing: bytes), into: scratch)
        return scanner.withoutCarry
    }

    /// Passes bytes on.
    ///
    /// - Parameter stops: whether to stop after the end of the stanza, or when going blind.
    /// - Returns: how many bytes were taken from the source, and how many were written.
    mutating func scan(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawPointer, stops: Bool = false
    ) -> (taken: Int, written: Int) {
        guard let start = source.baseAddress else { return (0, 0) }
        var cursor = ScanCursor(source: start, end: source.count, destination: destination)
        if carried > 0, !finishCarry(&cursor) { return (cursor.input, cursor.output) }
        while cursor.input < cursor.end {
            switch place {
            case .text: scanText(&cursor)
            case .tagBegun: beginTag(cursor.pass())
            case .startTag, .endTag:
                scanTag(&cursor)
                if stops, place == .text, depth <= 1 { return (cursor.input, cursor.output) }
            case .single: scanValue(&cursor, UInt8(ascii: "'"))
            case .double: scanValue(&cursor, UInt8(ascii: "\""))
            case .declaration:
                let byte = cursor.pass()
                if byte == UInt8(ascii: ">"), last == UInt8(ascii: "?") { place = .text }
                last = byte
            case .sectionBegun, .section: passSection(cursor.pass())
            case .blind:
                if !stops { cursor.passRest() }
                return (cursor.input, cursor.output)
            }
        }
        return (cursor.input, cursor.output)
    }

    /// The high bit of each byte that equals `byte`; of bytes above the lowest match it may be set as well.
    @inline(__always)
    private static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (lowBits &* UInt64(byte))
        return (difference &- lowBits) & ~difference & highBits
    }

    /// Goes on until after a `<`.
    @inline(__always)
    private mutating func scanText(_ cursor: inout ScanCursor) {
        let rewrites = depth > 1
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
        scanLastText(&cursor, rewrites)
    }

    @inline(never)
    private mutating func scanLastText(_ cursor: inout ScanCursor, _ rewrites: Bool) {
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
            _ = cursor.pass()
            if byte == UInt8(ascii: "<") {
                place = .tagBegun
                return
            }
        }
    }

    /// How many bytes there are that go on as `&quot;` does from its byte `first`.
    private func quotePrefix(_ cursor: ScanCursor, from first: Int) -> Int {
        var length = 0
        while first &+ length < Self.quote.count, cursor.input &+ length < cursor.end,
            cursor.source.load(fromByteOffset: cursor.input &+ length, as: UInt8.self) == Self.quote[first &+ length]
        { length &+= 1 }
        return length
    }

    /// Goes on with a `&quot;` that was cut; false if it is still not complete.
    private mutating func finishCarry(_ cursor: inout ScanCursor) -> Bool {
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

    @inline(__always)
    private mutating func beginTag(_ byte: UInt8) {
        last = byte
        switch byte {
        case UInt8(ascii: "/"): place = .endTag
        case UInt8(ascii: "?"): place = depth == 0 ? .declaration : .blind
        case UInt8(ascii: "!"):
            place = .sectionBegun
            matched = 0
        default: place = .startTag
        }
    }

    private mutating func passSection(_ byte: UInt8) {
        if place == .sectionBegun {
            guard byte == Self.sectionStart[matched], depth > 0 else { return place = .blind }
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
    private mutating func scanTag(_ cursor: inout ScanCursor) {
        while cursor.input < cursor.end {
            let byte = cursor.pass()
            switch byte {
            case UInt8(ascii: "'"):
                place = .single
                return
            case UInt8(ascii: "\""):
                place = .double
                return
            case UInt8(ascii: ">"):
                if place == .endTag { depth &-= 1 } else if last != UInt8(ascii: "/") { depth &+= 1 }
                // After the root nothing may follow.
                place = depth < 1 ? .blind : .text
                return
            default: last = byte
            }
        }
    }

    /// Goes on to after the quote that ends an attribute value.
    @inline(__always)
    private mutating func scanValue(_ cursor: inout ScanCursor, _ quote: UInt8) {
        // A quote in an end tag is refused by expat.
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
