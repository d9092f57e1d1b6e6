// SPDX-License-Identifier: Apache-2.0
import Testing
@testable import XMLStream

@Suite("A stanza that goes too far is left out, and the stream goes on")
struct SkippingTests {
    static let open = "<s xmlns='u' xmlns:p='v'>"
    static let before = "<iq id='before'><a>&quot;1&quot;</a></iq>"
    static let after = "<iq id='after'><p:a>&quot;2&quot;</p:a></iq> <iq id='last'/>"
    static let head = "<message from='poisoner@a.example/x' to='b.example' id='7'>"

    struct Poison: CustomStringConvertible, Sendable {
        let name: String
        let text: String
        /// Why it is refused; nil when not even its start tag is reported.
        let reason: XMLStreamError.Limit?
        var description: String { name }

        init(_ name: String, _ text: String, _ reason: XMLStreamError.Limit?) {
            self.name = name
            self.text = text
            self.reason = reason
        }
    }

    static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    static let poisons: [Poison] = [
        Poison("256 KiB of apostrophes, which the server wrote as six bytes each",
            head + "<body>" + many("&apos;", 262_144) + "</body></message>", .stanzaBytes),
        Poison("a text of 300 KiB", head + "<body>" + many("x", 300_000) + "</body></message>", .stanzaBytes),
        Poison("short prefixes that the server wrote as namespaces in full",
            head + many("<a xmlns='" + many("n", 250) + "'/>", 2000) + "</message>", .stanzaBytes),
        Poison("elements nested 1,000 deep", head + many("<a>", 1000) + "&quot;>" + many("</a>", 1000) + "</message>", .depth),
        Poison("100 attributes", head + "<a " + (0..<100).map { "a\($0)='/>' " }.joined() + "><b/></a></message>", .attributes),
        Poison("20 namespaces", head + "<a " + (0..<20).map { "xmlns:a\($0)='v' " }.joined() + "/><b/></message>", .namespaceDeclarations),
        Poison("a long namespace", head + "<a xmlns='" + many("n", 300) + "'><b/></a></message>", .namespaceBytes),
        Poison("an attribute of 70,000 bytes", head + "<a b='" + many("v", 70_000) + "'/><b>></b></message>", .tokenBytes),
        Poison("an attribute of 70,000 signs that could end a tag", head + "<a b='" + many(">", 70_000) + "'/></message>", .tokenBytes),
        Poison("a section that looks like the end of the stanza",
            head + "<![CDATA[</message><x>" + many("'", 300_000) + "</message>]]></message>", .stanzaBytes),
        Poison("100 attributes of the stanza itself", "<message " + (0..<100).map { "a\($0)='' " }.joined() + "><b/></message>", nil),
        Poison("a start tag of 70,000 bytes, and nothing else", "<message a='" + many("v", 70_000) + "'/>", nil),
        Poison("a stanza in a long namespace", "<message xmlns='" + many("n", 300) + "'><b>&quot;</b></message>", nil),
        Poison("a stanza whose prefix is unknown", "<q:message q:a='1'><b/></q:message>", nil),
        Poison("one attribute by two prefixes", "<message xmlns:q='v' p:a='' q:a=''><b/></message>", nil),
    ]

    static func run(_ pieces: [[UInt8]], _ limits: XMLLimits = skipping) -> (Outcome, XMLStreamParser) {
        let parser = XMLStreamParser(limits: limits)
        return (Outcome(pieces, parser: parser), parser)
    }

    static var skipping: XMLLimits {
        var limits = XMLLimits()
        limits.skipsStanzas = true
        return limits
    }

    @Test("A stranger's stanza does not end the link for all, in one read or in many: ", arguments: poisons)
    func poison(_ poison: Poison) throws {
        let bytes = Array((Self.open + Self.before + poison.text + Self.after + "</s>").utf8)
        var generator = SeededGenerator(71)
        var cuts = [[bytes]]
        for longest in [1448, 100_000, 65_536, 200] { cuts.append(cut(bytes, longest: longest, using: &generator)) }
        let start = (Self.open + Self.before).utf8.count
        for place in [start, start + 1, start + 40, bytes.count - 70, bytes.count - 90] {
            cuts.append([Array(bytes[..<place]), Array(bytes[place...])])
        }
        if bytes.count < 20_000 { cuts.append(bytes.map { [$0] }) }
        for pieces in cuts {
            let (outcome, parser) = Self.run(pieces)
            #expect(outcome.failure == nil)
            #expect(outcome.isClosed)
            #expect(parser.skipped == 1)
            var ids = outcome.stanzas.map { $0["id"] }
            if let reason = poison.reason {
                #expect(ids == ["before", "7", "after", "last"])
                let refused = try #require(outcome.stanzas.dropFirst().first)
                #expect(refused["from"] == "poisoner@a.example/x")
                #expect(refused.children.count == 1)
                #expect(refused.firstChild(XMLStreamParser.refused)?["reason"] == XMLStreamError.tooLarge(reason).description)
                ids.remove(at: 1)
            }
            #expect(ids == ["before", "after", "last"])
            #expect(outcome.stanzas.first?.firstChild(XMLName("a", "u"))?.text == "\"1\"")
            #expect(outcome.stanzas.last { !$0.children.isEmpty }?.firstChild(XMLName("a", "v"))?.text == "\"2\"")
        }
    }

    @Test("Without the wish to skip each of them ends the stream, as ever", arguments: poisons)
    func notAsked(_ poison: Poison) {
        let outcome = Outcome(Self.open + Self.before + poison.text + Self.after)
        #expect(outcome.failure != nil)
        #expect(outcome.stanzas.count == 1)
    }

    @Test("Poison after poison, 200 in one read, and the stanzas between them all arrive")
    func manyPoisons() {
        let small = Self.poisons.filter { $0.text.utf8.count < 20_000 }
        let text = Self.open + (0..<200).map { small[$0 % small.count].text + "<iq id='ok'/>" }.joined() + "</s>"
        for longest in [50, 5000, 100_000_000] {
            var generator = SeededGenerator(72)
            let (outcome, parser) = Self.run(cut(Array(text.utf8), longest: longest, using: &generator))
            #expect(outcome.failure == nil)
            #expect(outcome.stanzas.filter { $0["id"] == "ok" }.count == 200)
            #expect(parser.skipped == 200)
        }
    }

    @Test("Small limits and random cuts: what is skipped does not depend on the cuts", arguments: [73, 74, 75] as [UInt64])
    func cuts(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        var limits = Self.skipping
        limits.stanzaBytes = 300
        limits.depth = 3
        limits.attributes = 3
        limits.tokenBytes = 120
        limits.nameBudget = 7
        for _ in 0..<400 {
            var text = Self.open
            for number in 0..<Int.random(in: 1...12, using: &generator) {
                let inner = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                    ["<a>&quot;</a>", "<a><b><c><d/></c></b></a>", "<![CDATA[</m>&quot;]]>", "<e f='>&quot;' g='/'/>", "&quot;text&amp;",
                     "<h i='\(Self.many("v", 40))' j='\(Self.many("w", 30))' k='1' l='2'/>", "\"' "]
                        .randomElement(using: &generator) ?? ""
                }
                text += "<m id='\(number)'>\(inner.joined())</m>"
            }
            let bytes = Array((text + "</s>").utf8)
            let (whole, parser) = Self.run([bytes], limits)
            #expect(whole.failure == nil)
            #expect(whole.isClosed)
            let (pieces, other) = Self.run(cut(bytes, longest: 90, using: &generator), limits)
            #expect(pieces == whole)
            #expect(other.skipped == parser.skipped)
        }
    }

    @Test("What is no stanza's fault ends the stream even so")
    func notSkipped() {
        #expect(Self.run([Array("<s a='\(Self.many("x", 70_000))'>".utf8)]).0.failure == .tooLarge(.tokenBytes))
        #expect(Self.run([Array((Self.open + "<a></b>").utf8)]).0.failure?.kind == "notWellFormed")
        #expect(Self.run([Array((Self.open + "<a><!DOCTYPE").utf8)]).0.failure?.kind == "notWellFormed")
        #expect(Self.run([Array((Self.open + "</s\(Self.many(" ", 70_000))>").utf8)]).0.failure == .tooLarge(.tokenBytes))
        let commented = Self.open + "<a>" + Self.many("x", 300_000) + "<!-- </a> -->"
        #expect(Self.run([Array(commented.utf8)]).0.failure == .tooLarge(.stanzaBytes))
        var limits = Self.skipping
        limits.skippedBytes = 1_000_000
        #expect(Self.run([Array((Self.open + "<a>" + Self.many("x", 1_400_000)).utf8)], limits).0.failure == .tooLarge(.skippedBytes))
    }

    @Test("A stanza of 64 MiB is skipped without memory for it")
    func memory() async {
        await #expect(processExitsWith: .success) {
            let parser = XMLStreamParser(limits: SkippingTests.skipping)
            _ = try parser.feed(Array((SkippingTests.open + SkippingTests.head + "<body>").utf8))
            let block = Array(SkippingTests.many("&apos;<a b='>'>\"</a>", 3000).utf8)
            for _ in 0..<20 { _ = try parser.feed(block) }
            let before = residentKilobytes()
            for _ in 0..<1200 { _ = try parser.feed(block) }
            let grown = residentKilobytes() - before
            #expect(grown < 2000 || isSanitized, "grew by \(grown) KB")
            let events = try parser.feed(Array("</body></message><iq/>".utf8))
            guard case .stanzas(let batch)? = events.first else { throw XMLStreamError.outOfMemory }
            #expect(batch.count == 1)
        }
    }

    @Test("Stanzas of which nothing is left leave no names behind either")
    func names() async {
        await #expect(processExitsWith: .success) {
            let parser = XMLStreamParser(limits: SkippingTests.skipping)
            _ = try parser.feed(Array(SkippingTests.open.utf8))
            func feed(_ range: Range<Int>) throws {
                for number in range {
                    let names = (0..<70).map { "hostile-\(number)-\($0)=''" }.joined(separator: " ")
                    for head in ["<message ", "<message\n"] { _ = try parser.feed(Array((head + names + "/>").utf8)) }
                }
            }
            try feed(0..<200)
            let before = residentKilobytes()
            try feed(200..<2200)
            let grown = residentKilobytes() - before
            #expect(parser.skipped == 4400)
            #expect(grown < 4000 || isSanitized, "grew by \(grown) KB")
            guard case .stanzas(let batch)? = try parser.feed(Array("<iq/>".utf8)).first else { throw XMLStreamError.outOfMemory }
            #expect(batch.count == 1)
        }
    }

    @Test("Senseless limits do not trap when skipping either", arguments: [Int.min, -1, 0, 1, 2, 7, Int.max])
    func senseless(value: Int) {
        var limits = Self.skipping
        limits.stanzaBytes = value
        limits.tokenBytes = value
        limits.depth = value
        limits.attributes = value
        limits.namespaceDeclarations = value
        limits.namespaceBytes = value
        limits.nameBudget = value
        limits.skippedBytes = value
        _ = Self.run([Array(Sample.whole.utf8)], limits)
        _ = Self.run(Sample.whole.utf8.map { [$0] }, limits)
    }
}
