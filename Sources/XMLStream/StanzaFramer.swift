// SPDX-License-Identifier: Apache-2.0

/// Follows the tags of a stream in front of expat: says where each stanza ends, and whether it passes a limit.
///
/// It sees what is not plain (`ParserState.readPlain`): headers, stanzas that are cut, and whatever is uncommon or wrong.
///
/// expat is given whole stanzas only. So what it makes of a stream cannot depend on how the bytes were cut, it never
/// scans a tag twice, and a stanza that is too large, too deep or has too long a tag is known before expat sees it.
///
/// On the way `&quot;` in the text of stanzas becomes `"`. Servers escape every quote of a JSON text, and expat makes
/// each a piece of text of its own: 53 calls for a report instead of one. In character data both spellings mean the
/// same (XML 1.0 §4.6). Attribute values stay as they are.
///
/// What the tags are is clear as long as the stream is well-formed; of a stanza that is not, expat decides when it ends.
/// Where nothing good can follow (a `<!` that begins no character data section, a `<?` after the header, text between
/// stanzas) the framer goes blind, and expat gets some more bytes as they come, to say what is wrong.
struct StanzaFramer {
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
        /// Nothing good can follow.
        case blind
        /// After the root.
        case ended
    }

    /// What a stanza may be; the header counts as a stanza, and with what stands before it as one tag.
    struct Limits {
        var stanzaBytes = Int.max
        var tokenBytes = Int.max
        var depth = Int.max
    }

    var place = Place.text
    /// Open elements, the root included.
    var depth = 0
    /// How many bytes of `&quot;` were read and not passed on, as more may follow. They cannot end a stanza.
    var carried = 0
    /// The limit that the stanza passes first. The scan stops then, and goes on as one that skips.
    var violation: XMLStreamError.Limit?
    /// Where the start tag of the stanza ends in the destination, if it does before a limit is passed; else 0.
    var headEnd = 0
    /// Whether the rest of a stanza is passed over: no limit counts, and the scan stops where the stanza ends.
    var isSkipping = false
    /// How many more bytes are passed on since the framer went blind.
    private var patience = 1024

    let limits: Limits
    let rewrites: Bool
    /// The byte before in a tag or declaration, to tell `/>` and `?>`.
    var last: UInt8 = 0
    /// In `<![CDATA[`: how many bytes after `<!` were as they should be. In the section: how many `]` came last, 2 at most.
    var matched = 0
    // Places in the destination; negative once the bytes there are consumed, which happens before the root alone.
    /// Of the last `<` outside of stanzas.
    var frameStart = 0
    var stanzaStart = 0
    var tagStart = 0

    /// How much larger than its source the destination of a scan has to be.
    static let slack = 16

    /// At the start of a stream, or between two stanzas of it (`depth` 1).
    init(limits: Limits, rewrites: Bool = true, depth: Int = 0) {
        self.limits = limits
        self.rewrites = rewrites
        self.depth = depth
    }

    /// Whether no stanza is under way.
    var isBetweenStanzas: Bool { place == .text && depth <= 1 }

    /// Whether the next thing may be a stanza.
    var isAtStanza: Bool { place == .text && depth == 1 && !isSkipping && violation == nil }

    /// Whether what passed a limit is a stanza, and not the header or the end tag of the stream.
    var isOfStanza: Bool { depth > 1 || depth == 1 && place != .endTag }

    /// How many of `count` bytes in the destination may be given to expat: whole stanzas, and the space after them.
    func complete(of count: Int) -> Int {
        if place == .text, depth == 0 { return count }
        return violation == nil && (isBetweenStanzas || place == .blind || place == .ended) ? count : max(0, frameStart)
    }

    /// Whether expat has seen enough of what cannot be part of a stream.
    var isHopeless: Bool { place == .blind && patience <= 0 }

    /// Forgets bytes at the front of the destination, which are those of complete stanzas.
    mutating func consumed(_ count: Int) {
        frameStart &-= count
        stanzaStart &-= count
        tagStart &-= count
        headEnd = max(0, headEnd &- count)
    }

    /// The refused stanza is reported. What is left of it, if anything, is to be skipped.
    mutating func forgetStanza() {
        violation = nil
        headEnd = 0
        isSkipping = !isBetweenStanzas
    }

    /// Passes bytes on, up to where a limit is passed, or a stanza or the header ends.
    ///
    /// - Parameters:
    ///   - destination: has ``slack`` bytes more room than it needs.
    ///   - offset: where to write; what stands before it is what was passed on and not consumed.
    /// - Returns: how many bytes were taken from the source, and where the destination ends.
    mutating func scan(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawPointer, at offset: Int
    ) -> (taken: Int, end: Int) {
        guard let start = source.baseAddress else { return (0, offset) }
        var cursor = FramerCursor(source: start, end: source.count, destination: destination, output: offset)
        if carried > 0, !finishCarry(&cursor) { return (cursor.input, cursor.output) }
        while cursor.input < cursor.end {
            switch place {
            case .text:
                if depth > 1 { scanText(&cursor) } else { scanSpace(&cursor) }
                if violation != nil { return (cursor.input, cursor.output) }
            case .tagBegun: beginTag(cursor.pass(), cursor.output)
            case .startTag, .endTag:
                scanTag(&cursor)
                if violation != nil { return (cursor.input, cursor.output) }
                if isBetweenStanzas {
                    isSkipping = false
                    return (cursor.input, cursor.output)
                }
            case .single: scanValue(&cursor, UInt8(ascii: "'"))
            case .double: scanValue(&cursor, UInt8(ascii: "\""))
            case .declaration:
                let byte = cursor.pass()
                if byte == UInt8(ascii: ">"), last == UInt8(ascii: "?") {
                    check(cursor.output, tag: tagStart, isTooDeep: false)
                    if violation != nil { return (cursor.input, cursor.output) }
                    place = .text
                }
                last = byte
            case .sectionBegun, .section: passSection(cursor.pass(), cursor.output)
            case .blind:
                if violation != nil { return (cursor.input, cursor.output) }
                patience &-= cursor.passRest(upTo: patience)
                return (cursor.end, cursor.output)
            case .ended: return (cursor.input, cursor.output)
            }
        }
        checkUnfinished(cursor.output)
        return (cursor.input, cursor.output)
    }

    // MARK: Limits

    /// What is not complete may be too long already.
    @inline(__always)
    private mutating func checkUnfinished(_ end: Int) {
        switch place {
        case .blind, .ended: return
        case .text where depth == 1: return
        case .text where depth > 1, .section: check(end, tag: end, isTooDeep: false)
        default: check(end, tag: tagStart, isTooDeep: false)
        }
    }

    /// Notes which limit is passed first, if one is, by what ends at `end`.
    @inline(__always)
    mutating func check(_ end: Int, tag: Int, isTooDeep: Bool) {
        if end &- stanzaStart <= limits.stanzaBytes, end &- tag <= limits.tokenBytes, !isTooDeep { return }
        note(end, tag: tag, isTooDeep: isTooDeep)
    }

    @inline(never)
    private mutating func note(_ end: Int, tag: Int, isTooDeep: Bool) {
        guard !isSkipping else { return }
        // Where the first byte stands that is too much.
        var passed = isTooDeep ? end &- 1 : Int.max
        violation = .depth
        if end &- tag > limits.tokenBytes, tag &+ limits.tokenBytes <= passed {
            passed = tag &+ limits.tokenBytes
            violation = .tokenBytes
        }
        if end &- stanzaStart > limits.stanzaBytes, stanzaStart &+ limits.stanzaBytes < passed {
            passed = stanzaStart &+ limits.stanzaBytes
            violation = .stanzaBytes
        }
        if headEnd > passed { headEnd = 0 }
    }
}
