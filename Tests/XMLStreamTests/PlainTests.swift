// SPDX-License-Identifier: Apache-2.0
import Testing
@_spi(Comparison) @testable import XMLStream

@Suite("Plain stanzas")
struct PlainTests {
    private static let header = "<s:s xmlns='d' xmlns:s='u'>"

    /// How many bytes of the stanzas are read without expat.
    private func plainLength(_ stanzas: String, _ limits: XMLLimits = .init()) throws -> Int {
        let parser = XMLStreamParser(limits: limits)
        _ = try parser.feed(Array(Self.header.utf8))
        return Array(stanzas.utf8).withUnsafeBytes { parser.state?.pointee.readPlain($0) ?? 0 }
    }

    /// What expat makes of the whole, byte by byte.
    private func expat(_ text: some Sequence<UInt8>) -> Outcome {
        Outcome([Array(text)], parser: XMLStreamParser(limits: .init(), comparesOnly: true))
    }

    @Test(
        "They are read without expat, and mean what it says",
        arguments: [
            "<a/>", "<a></a>", "<a />", "<a b='1' c=\"2\" />", "<a>text</a>", "<a>\u{1}</a>".replacing("\u{1}", with: "\n\t"),
            "<a b=\"'\" c='\"'>\"'</a>", "<a xml:lang='de'/>", "<a xmlns='v' b='1'><b/></a><c/>", "<a><b xmlns='v'><b/></b><b/></a>",
            "<a>&lt;&gt;&amp;&apos;&quot;</a>", "<a b='&lt;&gt;&amp;&apos;&quot;'/>", "<a>a > b ] ]&gt; ]</a>", "<a b='>'/>",
            "<a>\u{E9}\u{20AC}\u{1F327}\u{FFFD}\u{E000}\u{D7FF}\u{10FFFF}\u{7F}\u{80}</a>", "<a b='\u{E9}'/>", "<a>1<b/>2<b/>3</a>",
            "<a.b-c_9 _='1'/>", " <a/>\n\t<b/>\r\n", "<a><a/><a><a/></a></a>", "<xa xb='' b=''/>", "<a b='1'/><a b='2' c='3'/><a c='4' b='5'/>",
        ])
    func plain(stanzas: String) throws {
        #expect(try plainLength(stanzas) == stanzas.utf8.count)
        #expect(Outcome(Self.header + stanzas) == expat((Self.header + stanzas).utf8))
    }

    @Test(
        "What is otherwise is left to expat, and means what it says",
        arguments: [
            "<a\n/>", "<a  b=''/>", "<a b =''/>", "<a b= ''/>", "<a></a >", "<a b='\n'/>", "<a>\r</a>", "<s:a/>", "<a s:b=''/>", "<a xmlns:t='t'/>",
            "<a xmlns=''/>", "<a xmlns='&amp;'/>", "<a>&#65;</a>", "<a><![CDATA[x]]></a>", "<\u{E9}/>", "<a \u{E9}=''/>", "<a xml='1'/>",
            "<a xmlns='http://www.w3.org/1999/xhtml'/>",
            // And what no stream may hold.
            "<a b='1' b='2'/>", "<a xml:lang='' xml:lang=''/>", "<a xmlns='v' xmlns='w'/>", "<a b='1'c='2'/>", "<a></b>", "<a><b></a></b>", "<a>]]></a>",
            "<a b='<'/>", "<a>\u{1}</a>", "<a b='\u{1}'/>", "<a>\u{FFFE}</a>", "<a>\u{FFFF}</a>", "<a>&x;</a>", "<a>&amp</a>", "<a>& </a>", "<1/>", "<-/>",
            "< a/>", "<a/ >", "<a b/>", "<a b=c/>", "</a>", "<a><!-- --></a>", "<?a?>", "<!DOCTYPE a>", "x", "<a><", "<a", "<a b='", "<a>&qu",
            "<a xmlns='http://www.w3.org/2000/xmlns/'/>", "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            "<xml:a/>", "<xmlns:a/>", "<a xmlns:='v'/>", "<a :b=''/>", "<a b:=''/>", "<:a/>", "<a xml:=''/>", "<a xml:1=''/>",
        ])
    func otherwise(stanza: String) throws {
        #expect(try plainLength(stanza) == 0)
        let parser = XMLStreamParser()
        let ours = Outcome([Array((Self.header + stanza).utf8)], parser: parser)
        let expat = expat((Self.header + stanza).utf8)
        #expect(ours.stanzas == expat.stanzas)
        #expect(ours.failure?.kind == expat.failure?.kind || ours.failure == nil && !parser.isBetweenStanzas)
    }

    @Test(
        "Bytes that are no UTF-8 are never plain",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xFE],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) throws {
        for (before, after) in [("<a>", "</a>"), ("<a b='", "'/>")] {
            let stanza = Array(before.utf8) + bytes + Array(after.utf8)
            let parser = XMLStreamParser()
            _ = try parser.feed(Array(Self.header.utf8))
            #expect(stanza.withUnsafeBytes { parser.state?.pointee.readPlain($0) } == 0)
            #expect(throws: XMLStreamError.self) { _ = try parser.feed(stanza) }
        }
    }

    @Test("Nothing is plain behind a stanza that ends within a character")
    func cutCharacter() {
        for broken in [[0xC3], [0xE2], [0xF2], [0xF0, 0x9F]] as [[UInt8]] {
            let bytes = Array((Self.header + "<a/><q:").utf8) + broken + Array("/><b/><c/>".utf8)
            let outcome = Outcome([bytes])
            #expect(outcome.stanzas == [Element(XMLName("a", "d"))])
            #expect(outcome.failure?.kind == "notWellFormed")
        }
    }

    @Test("A limit that is passed is expat's matter, and what is within is not")
    func limits() throws {
        var limits = XMLLimits()
        limits.stanzaBytes = 90
        limits.tokenBytes = 40
        limits.depth = 2
        limits.attributes = 2
        limits.namespaceBytes = 4
        func text(_ count: Int) -> String { "<a>" + String(repeating: "x", count: count - 7) + "</a>" }
        // Its start tag is 39 bytes long, its end tag 40.
        let name = String(repeating: "n", count: 37)
        for (within, beyond) in [
            (text(90), text(91)), ("<a b='" + String(repeating: "x", count: 31) + "'/>", "<a b='" + String(repeating: "x", count: 32) + "'/>"),
            ("<\(name)></\(name)>", "<\(name)x></\(name)x>"), ("<a><b/></a>", "<a><b><c/></b></a>"), ("<a b='' c=''/>", "<a b='' c='' d=''/>"), ("<a xmlns='uuuu'/>", "<a xmlns='uuuuu'/>"),
        ] {
            #expect(try plainLength(within, limits) == within.utf8.count)
            #expect(try plainLength(beyond, limits) == 0)
            #expect(Outcome(Self.header + beyond, limits: limits).failure != nil)
        }
    }

    @Test("What is plain stands between what is not, in order")
    func mixed() throws {
        for seed in [71, 72, 73] as [UInt64] {
            var generator = SeededGenerator(seed)
            let stanzas = (0..<400).map { _ in
                (Bool.random(using: &generator) ? Sample.stanzas : Sample.forExpat).randomElement(using: &generator) ?? ""
            }
            let bytes = Array((Sample.header + stanzas.joined()).utf8)
            let expected = expat(bytes)
            #expect(expected.stanzas.count == 400)
            #expect(Outcome([bytes]) == expected, "seed \(seed)")
            #expect(Outcome(cut(bytes, longest: 900, using: &generator)) == expected, "seed \(seed)")
        }
    }

    @Test("Mutated stanzas mean what expat says", arguments: [81, 82, 83, 84] as [UInt64])
    func mutations(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for run in 0..<5000 {
            let stanzas = (0..<2).map { _ in Sample.stanzas.randomElement(using: &generator) ?? "" }.joined()
            let bytes = Array(Sample.header.utf8) + MutationTests.mutated(Array(stanzas.utf8), &generator)
            let parser = XMLStreamParser()
            let ours = Outcome([bytes], parser: parser)
            let expat = expat(bytes)
            if case .tooLarge = ours.failure { continue }
            #expect(ours.stanzas == expat.stanzas, "run \(run) of seed \(seed)")
            // The framer waits for the end of what is wrong already.
            let isWaiting = ours.failure == nil && !parser.isBetweenStanzas || String(validating: bytes, as: UTF8.self) == nil
            #expect(ours.failure?.kind == expat.failure?.kind || isWaiting, "run \(run) of seed \(seed)")
        }
    }
}
