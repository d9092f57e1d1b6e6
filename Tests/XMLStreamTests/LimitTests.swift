// SPDX-License-Identifier: Apache-2.0
import Testing
@testable import XMLStream

@Suite("Limits, each at the limit and one past it")
struct LimitTests {
    static let open = "<s xmlns='u'>"

    /// Whether a stream passes as a whole, in the middle cut, and byte by byte; all three must agree.
    func failure(_ text: String, _ limits: XMLLimits) -> XMLStreamError? {
        let bytes = Array(text.utf8)
        let whole = Outcome([bytes], parser: XMLStreamParser(limits: limits)).failure
        let halves = Outcome(
            [Array(bytes[..<(bytes.count / 2)]), Array(bytes[(bytes.count / 2)...])], parser: XMLStreamParser(limits: limits)
        ).failure
        let single = Outcome(bytes.map { [$0] }, parser: XMLStreamParser(limits: limits)).failure
        #expect(whole == halves)
        #expect(whole == single)
        return whole
    }

    func padded(_ length: Int) -> String { "<a>" + String(repeating: "x", count: length - 7) + "</a>" }

    @Test("An endless stanza ends at the limit of its bytes")
    func stanzaBytes() {
        var limits = XMLLimits()
        limits.stanzaBytes = 5000
        #expect(failure(Self.open + padded(5000) + padded(5000) + padded(5000), limits) == nil)
        #expect(failure(Self.open + padded(5001), limits) == .tooLarge(.stanzaBytes))
        #expect(failure(Self.open + padded(4000) + padded(5001), limits) == .tooLarge(.stanzaBytes))
    }

    @Test("The default takes a stanza of 256 KiB and not a byte more")
    func defaultStanzaBytes() {
        #expect(Outcome(Self.open + padded(262_144) + "<b/>").stanzas.count == 2)
        #expect(Outcome(Self.open + padded(262_145)).failure == .tooLarge(.stanzaBytes))
    }

    @Test("The bytes beyond the limit never reach the parser: even if they are no XML, the size is what is wrong")
    func countedBefore() {
        var limits = XMLLimits()
        limits.stanzaBytes = 5000
        let text = Self.open + "<a>" + String(repeating: "x", count: 4997) + "</wrong>"
        #expect(failure(text, limits) == .tooLarge(.stanzaBytes))
    }

    @Test("An endless header ends at the limit")
    func headerBytes() {
        var limits = XMLLimits()
        limits.stanzaBytes = 100
        #expect(failure("<s a='" + String(repeating: "x", count: 100 - 8) + "'>", limits) == nil)
        #expect(failure("<s a='" + String(repeating: "x", count: 101 - 8) + "'>", limits) == .tooLarge(.stanzaBytes))
    }

    @Test("One huge attribute ends at the limit of a tag, since it would be scanned over and over")
    func tokenBytes() {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        func tag(_ length: Int) -> String { "<a b='" + String(repeating: "x", count: length - 9) + "'/>" }
        #expect(failure(Self.open + tag(1000), limits) == nil)
        #expect(failure(Self.open + tag(1001), limits) == .tooLarge(.tokenBytes))
        #expect(failure(Self.open + "<c>" + tag(1000) + tag(1000) + "</c>", limits) == nil)
        #expect(failure(Self.open + "<c>" + tag(1001) + "</c>", limits) == .tooLarge(.tokenBytes))
    }

    @Test("An end tag full of spaces is a tag as well, an endless reference is text")
    func otherTokens() {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        limits.stanzaBytes = 2000
        #expect(failure(Self.open + "<a></a" + String(repeating: " ", count: 996) + ">", limits) == nil)
        #expect(failure(Self.open + "<a></a" + String(repeating: " ", count: 997) + ">", limits) == .tooLarge(.tokenBytes))
        #expect(failure(Self.open + "<a>&" + String(repeating: "x", count: 1200), limits) == nil)
        #expect(failure(Self.open + "<a>&" + String(repeating: "x", count: 2000), limits) == .tooLarge(.stanzaBytes))
        #expect(failure(Self.open + "&" + String(repeating: "x", count: 2000), limits)?.kind == "notWellFormed")
    }

    @Test("What no stream may hold is refused soon, even if it never ends", arguments: ["<!--", "<!x", "<?x", "<a><!--", "<a><?x "])
    func endlessNonsense(beginning: String) {
        let text = Self.open + beginning + String(repeating: "x", count: 2000)
        #expect(failure(text, XMLLimits())?.kind == "notWellFormed")
    }

    @Test("Whichever limit is passed first is the one that is named, however the bytes are cut")
    func whichLimit() {
        var limits = XMLLimits()
        limits.stanzaBytes = 100
        limits.tokenBytes = 60
        limits.depth = 2
        func attribute(_ length: Int) -> String { " a='" + String(repeating: "x", count: length) + "'" }
        #expect(failure(Self.open + "<a><b\(attribute(80))/></a>", limits) == .tooLarge(.tokenBytes))
        #expect(failure(Self.open + "<a>\(String(repeating: "x", count: 60))<b\(attribute(80))/></a>", limits) == .tooLarge(.stanzaBytes))
        #expect(failure(Self.open + "<a><b><c/></b>\(String(repeating: "x", count: 100))</a>", limits) == .tooLarge(.depth))
        #expect(failure(Self.open + "<a><b>\(String(repeating: "x", count: 100))<c/></b></a>", limits) == .tooLarge(.stanzaBytes))
        #expect(failure(Self.open + "<a><b><c\(attribute(80))/></b></a>", limits) == .tooLarge(.tokenBytes))
    }

    @Test("A tag that never ends is refused as soon as it is too long")
    func endlessTag() {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        // Whether or not what comes could be the end of the tag.
        for filler in ["x", ">"] {
            let begun = [Self.open + "<a b='", String(repeating: filler, count: 994)].map { Array($0.utf8) }
            #expect(Outcome(begun, parser: XMLStreamParser(limits: limits)).failure == nil)
            let longer = begun + [Array(filler.utf8)]
            #expect(Outcome(longer, parser: XMLStreamParser(limits: limits)).failure == .tooLarge(.tokenBytes))
        }
    }

    @Test("The header counts as a tag together with what stands before it")
    func headerToken() {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        #expect(failure(String(repeating: " ", count: 997) + "<s>", limits) == nil)
        #expect(failure(String(repeating: " ", count: 998) + "<s>", limits) == .tooLarge(.tokenBytes))
    }

    @Test("Text is no tag: it may be as long as the stanza")
    func longText() {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        #expect(failure(Self.open + padded(20_000), limits) == nil)
    }

    @Test("A tag of 64 KiB byte by byte is scanned once, even if each byte could end it", arguments: ["x", ">"])
    func longTag(filler: String) throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array(Self.open.utf8))
        let before = parser.fed
        // A parser that is asked each time scans two gigabytes.
        for byte in ("<a b='" + String(repeating: filler, count: 65_000) + "'/").utf8 { _ = try parser.feed([byte]) }
        #expect(parser.fed == before)
        let outcome = Outcome([Array("><c/>".utf8)], parser: parser)
        #expect(outcome.failure == nil)
        #expect(outcome.stanzas.count == 2)
    }

    @Test("Elements nest 24 deep, and expat's million is never tried")
    func depth() {
        func nest(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(failure(Self.open + nest(24) + nest(24), XMLLimits()) == nil)
        #expect(failure(Self.open + nest(25), XMLLimits()) == .tooLarge(.depth))
        #expect(Outcome(Self.open + String(repeating: "<a>", count: 80_000)).failure == .tooLarge(.depth))
    }

    @Test("An element has 64 attributes at most")
    func attributes() {
        func element(_ count: Int) -> String { "<a " + (0..<count).map { "a\($0)='' " }.joined() + "/>" }
        #expect(failure(Self.open + element(64), XMLLimits()) == nil)
        #expect(failure(Self.open + element(65), XMLLimits()) == .tooLarge(.attributes))
        #expect(failure("<s " + (0..<64).map { "a\($0)='' " }.joined() + ">", XMLLimits()) == nil)
        #expect(failure("<s " + (0..<65).map { "a\($0)='' " }.joined() + ">", XMLLimits()) == .tooLarge(.attributes))
    }

    @Test("An element declares 16 namespaces at most")
    func namespaceDeclarations() {
        func element(_ count: Int) -> String {
            "<a " + (0..<count).map { "xmlns:a\($0)='u\($0)' " }.joined() + "><b xmlns='v' xmlns:c='w'/></a>"
        }
        #expect(failure(Self.open + element(16), XMLLimits()) == nil)
        #expect(failure(Self.open + element(17), XMLLimits()) == .tooLarge(.namespaceDeclarations))
    }

    @Test("A namespace name has 256 bytes at most, since each short tag would be one long name")
    func namespaceBytes() {
        func element(_ length: Int) -> String { "<a xmlns='\(String(repeating: "u", count: length))'><b/></a>" }
        #expect(failure(Self.open + element(256), XMLLimits()) == nil)
        #expect(failure(Self.open + element(257), XMLLimits()) == .tooLarge(.namespaceBytes))
    }

    @Test("Senseless limits do not trap", arguments: [Int.min, -1, 0, 1, Int.max])
    func senseless(value: Int) {
        var limits = XMLLimits()
        limits.stanzaBytes = value
        limits.tokenBytes = value
        limits.depth = value
        limits.attributes = value
        limits.namespaceDeclarations = value
        limits.namespaceBytes = value
        limits.nameBudget = value
        _ = Outcome(Sample.whole, limits: limits)
        _ = Outcome(Sample.whole.utf8.map { [$0] }, parser: XMLStreamParser(limits: limits))
    }
}
