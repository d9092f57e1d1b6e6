// SPDX-License-Identifier: Apache-2.0
import Testing
@_spi(Comparison) @testable import XMLStream

@Suite("Quotes are rewritten before expat, and nobody can tell")
struct QuoteTests {
    static let head = Array("<?xml version='1.0' encoding='UTF-8'?><s:s xmlns:s='&quot;>' xmlns=\"a'&quot;b\" id='1>2'>".utf8)

    static func parser(_ comparesOnly: Bool, _ limits: XMLLimits = .init()) -> XMLStreamParser {
        XMLStreamParser(limits: limits, comparesOnly: comparesOnly)
    }

    /// Both must say the same. What is wrong with a stanza shows when the stanza ends.
    static func compare(_ pieces: [[UInt8]], sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        let plain = Outcome(pieces, parser: Self.parser(true))
        let parser = Self.parser(false)
        let framed = Outcome(pieces, parser: parser)
        let text = pieces.map { String(decoding: $0, as: UTF8.self) }
        #expect(plain.header == framed.header, "\(text)", sourceLocation: sourceLocation)
        #expect(plain.stanzas == framed.stanzas, "\(text)", sourceLocation: sourceLocation)
        #expect(plain.isClosed == framed.isClosed, "\(text)", sourceLocation: sourceLocation)
        let isWaiting = framed.failure == nil && !parser.isBetweenStanzas
        #expect(plain.failure?.kind == framed.failure?.kind || isWaiting, "\(text)", sourceLocation: sourceLocation)
        return framed
    }

    static let documents: [String] = [
        "<a>&quot;</a>", "<a>&quot;&quot;x&quot;</a>", "<a b='&quot;'>&quot;<c d=\"&quot;'>\">&quot;</c>&quot;</a>",
        "<a>&amp;quot;</a>", "<a>&amp;amp;quot;&quot;</a>", "<a>&quo</a>", "<a>&quot</a>", "<a>&quot ;</a>", "<a>&&quot;</a>",
        "<a>&qu&quot;;</a>", "<a>&QUOT;</a>", "<a>&quoted;</a>", "&quot;", "<a/>&quot;<b/>", "<a>&#34;&quot;&#x22;</a>",
        "<a>]]&quot;></a>", "<a>]]></a>", "<a>&quot;]]&quot;&gt;</a>", "<a><![CDATA[&quot;]]>&quot;</a>",
        "<a>&quot;<!-- &quot; --></a>", "<a>&quot;</a><?x &quot;?>", "<a>&quot;</a", "<a '>&quot;</a>", "<a \">&quot;</a>",
        "<a b=&quot;>&quot;</a>", "<a b='<'>&quot;</a>", "<a/ >&quot;</a>", "<a></a &quot;>", "<a></a '><b>&quot;</b>",
        "<a b='/'>&quot;</a>", "<a b='1'/>&quot;", "<a b='x'/><c>&quot;</c>", "<>&quot;</>", "</s:s>&quot;", "</s:s> \n",
        "<a>\r\n&quot;\r&quot;\n</a>", "<a>\u{1F327}&quot;\u{20AC}&quot;</a>", "<a>&quot;\u{1}&quot;</a>", "<a>&quot;\u{FFFE}</a>",
        "<a>12345678&quot;1234567&quot;123456&quot;12345&quot;1234&quot;123&quot;12&quot;1&quot;</a>", "<a>&lt;&quot;&gt;&apos;</a>",
    ]

    @Test("Wherever a quote stands and however it is cut, the events and the kind of error are those of expat alone", arguments: documents)
    func everySplit(document: String) {
        let bytes = Array(document.utf8)
        let whole = Self.compare([Self.head + bytes])
        for place in 0...bytes.count {
            let cut = Self.compare([Self.head + bytes[..<place], Array(bytes[place...])])
            #expect(cut.stanzas == whole.stanzas)
            #expect(cut.failure?.kind == whole.failure?.kind)
            for second in place..<bytes.count {
                _ = Self.compare([Self.head, Array(bytes[..<place]), Array(bytes[place..<second]), Array(bytes[second...])])
            }
        }
        _ = Self.compare((Self.head + bytes).map { [$0] })
    }

    @Test("Random streams of tags, quotes and halves of both mean the same with and without", arguments: [51, 52, 53, 54] as [UInt64])
    func random(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        let parts = [
            "&quot;", "&quot;", "&quot;", "&qu", "ot;", "&", ";", "<a>", "</a>", "<a b='&quot;'>", "<a b=\"'&quot;\"/>", "<b/>", "\"", "'",
            ">", "/>", "x", "12345678", "{&quot;n&quot;:1}", "&amp;", "&amp;quot;", "\u{20AC}", " ", "</a>", "<a>", "<c d='>'>", "</c>",
        ]
        let rare = ["<![CDATA[&quot;]]>", "<!--&quot;-->", "<?p?>", "</s:s>", "<", "\u{0}"]
        var wellFormed = 0
        for _ in 0..<6000 {
            var text = Self.head
            for _ in 0..<Int.random(in: 1...14, using: &generator) {
                let isRare = Int.random(in: 0..<40, using: &generator) == 0
                text += Array((isRare ? rare : parts).randomElement(using: &generator)?.utf8 ?? "".utf8)
            }
            let outcome = Self.compare(cut(text, longest: Int.random(in: 1...60, using: &generator), using: &generator))
            if outcome.failure == nil { wellFormed += 1 }
        }
        #expect(wellFormed > 100)
    }

    @Test("Streams made of whole stanzas full of quotes, cut anywhere, give the same stanzas", arguments: [61, 62] as [UInt64])
    func wholeStanzas(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for _ in 0..<300 {
            var text = Self.head
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let quotes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    String(repeating: "&quot;", count: Int.random(in: 0...3, using: &generator))
                        + String(repeating: "v", count: Int.random(in: 0...9, using: &generator))
                }
                text += Array("<a b='&quot;'><c>\(quotes.joined())</c>\(quotes.first ?? "")</a>".utf8)
            }
            let outcome = Self.compare(cut(text, longest: 200, using: &generator))
            #expect(outcome.failure == nil)
        }
    }

    @Test("A stanza that ends in a quote is complete with its last byte")
    func nothingIsHeldBack() throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array("<s><a>&quot".utf8))
        #expect(try parser.feed(Array(";</a".utf8)).isEmpty)
        guard case .stanzas(let batch)? = try parser.feed(Array(">".utf8)).first else {
            Issue.record("no stanza after its last byte")
            return
        }
        #expect(batch[0].element == Element(XMLName("a", ""), text: "\""))
        #expect(parser.framer.carried == 0)
    }

    @Test("A character data section passes as it is, however it is cut, and quotes after it are rewritten")
    func section() throws {
        let section = "<![CDATA[<x a='>&quot;]]&quot;]>]] >]]]]>&quot;"
        for place in 0...section.utf8.count {
            let parser = XMLStreamParser()
            _ = try parser.feed(Array("<s><a>".utf8) + Array(section.utf8.prefix(place)))
            let outcome = Outcome([Array(section.utf8.dropFirst(place)) + Array("</a>".utf8)], parser: parser)
            #expect(outcome.stanzas.map(\.text) == ["<x a='>&quot;]]&quot;]>]] >]]\""], "cut at \(place)")
            #expect(parser.framer.place == .text)
            #expect(parser.framer.depth == 1)
        }
    }

    @Test("At what a stream must not hold the scanner is blind, and sees again after a reset", arguments: ["<!--", "<!D", "<?x", "<![CDATa"])
    func blind(markup: String) throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array("<?xml version='1.0'?><s><a>&quot;</a>".utf8))
        #expect(parser.framer.place == .text)
        _ = try? parser.feed(Array("<a>\(markup)".utf8))
        #expect(parser.framer.place == .blind)
        _ = try? parser.feed(Array(" x --> ?>".utf8))
        #expect(parser.failure != nil)
        parser.reset()
        #expect(parser.framer.place == .text)
    }

    @Test("A quote counts as one byte, however it is written and cut; an apostrophe as it is written")
    func whatCounts() {
        var limits = XMLLimits()
        limits.stanzaBytes = 1007
        func stanza(_ quotes: Int) -> [UInt8] { Array("<a>\(String(repeating: "&quot;", count: quotes))</a>".utf8) }
        for longest in [1, 5, 7, 100, 100_000] {
            var generator = SeededGenerator(UInt64(longest))
            let fits = cut(Array("<s>".utf8) + stanza(1000), longest: longest, using: &generator)
            #expect(Outcome(fits, parser: XMLStreamParser(limits: limits)).failure == nil)
            let tooMuch = cut(Array("<s>".utf8) + stanza(1001), longest: longest, using: &generator)
            #expect(Outcome(tooMuch, parser: XMLStreamParser(limits: limits)).failure == .tooLarge(.stanzaBytes))
        }
        #expect(Outcome("<s><a>\(String(repeating: "&apos;", count: 167))</a>", limits: limits).failure == .tooLarge(.stanzaBytes))
    }
}
