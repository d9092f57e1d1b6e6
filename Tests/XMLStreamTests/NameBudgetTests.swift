// SPDX-License-Identifier: Apache-2.0
import Testing
@testable import XMLStream

/// What is plain never reaches expat, so the stanzas here have a line break in their first tag.
@Suite("The budget of names")
struct NameBudgetTests {
    @Test("The parser is reset once the budget is used, and not before")
    func atTheLimit() throws {
        var limits = XMLLimits()
        limits.nameBudget = 10
        let parser = XMLStreamParser(limits: limits)
        _ = try parser.feed(Array("<s xmlns='u'>".utf8))
        for number in 0..<9 { _ = try parser.feed(Array("<a\(number)\n/>".utf8)) }
        #expect(parser.resets == 0)
        _ = try parser.feed(Array("<a9\n/>".utf8))
        #expect(parser.resets == 1)
        for number in 10..<19 { _ = try parser.feed(Array("<a\(number)\n/>".utf8)) }
        #expect(parser.resets == 1)
        _ = try parser.feed(Array("<a19\n/>".utf8))
        #expect(parser.resets == 2)
    }

    @Test("Names that are known already cost nothing")
    func knownNames() throws {
        var limits = XMLLimits()
        limits.nameBudget = 500
        let parser = XMLStreamParser(limits: limits)
        _ = try parser.feed(Array(Sample.header.utf8))
        // In changing order, so that no name can be guessed from the one before.
        var generator = SeededGenerator(41)
        for _ in 0..<500 { _ = try parser.feed(Array(Sample.forExpat.shuffled(using: &generator).joined().utf8)) }
        // Prefixes declared within stanzas count each time; there is one in the traffic.
        #expect(parser.resets <= 2)
    }

    @Test("A budget of one resets after each stanza and changes nothing", arguments: [1, 2, 5, 17])
    func namespacesSurvive(budget: Int) {
        var limits = XMLLimits()
        limits.nameBudget = budget
        let expected = Outcome(Sample.whole)
        let parser = XMLStreamParser(limits: limits)
        let bytes = Array((Sample.header + Sample.forExpat.joined() + "</stream:stream>").utf8)
        let whole = Outcome([bytes], parser: parser)
        #expect(parser.resets > 1)
        #expect(whole == expected)
        #expect(Outcome(bytes.map { [$0] }, parser: XMLStreamParser(limits: limits)) == expected)
        var generator = SeededGenerator(UInt64(budget))
        for _ in 0..<40 {
            let pieces = cut(bytes, longest: 300, using: &generator)
            #expect(Outcome(pieces, parser: XMLStreamParser(limits: limits)) == expected)
        }
    }

    @Test("A stream namespace full of markup is set up again as it was")
    func escapedContext() {
        var limits = XMLLimits()
        limits.nameBudget = 1
        let open = "<p:s xmlns='a&lt;b>&amp;&apos;&quot;' xmlns:p='&#10;p'>"
        let outcome = Outcome([Array((open + "<a/><b/><p:c/></p:s>").utf8)], parser: XMLStreamParser(limits: limits))
        let namespace = "a<b>&'\""
        #expect(
            outcome.stanzas == [
                Element(XMLName("a", namespace)), Element(XMLName("b", namespace)), Element(XMLName("c", "\np")),
            ])
        #expect(outcome.isClosed)
        #expect(outcome.failure == nil)
    }

    @Test("Names, prefixes, and names under many prefixes all use the budget", arguments: 0..<5)
    func everyWayToName(way: Int) throws {
        var limits = XMLLimits()
        limits.nameBudget = 100
        let parser = XMLStreamParser(limits: limits)
        let prefixes = (0..<14).map { "xmlns:p\($0)='u'" }.joined(separator: " ")
        _ = try parser.feed(Array("<s xmlns='u' \(prefixes)>".utf8))
        for number in 0..<1000 {
            let stanza =
                switch way {
                case 0: "<a\(number)\n/>"
                case 1: "<a\nb\(number)=''/>"
                case 2: "<a xmlns:p\(number)='v'/>"
                case 3: "<p\(number % 14):a\(number / 14)/>"
                default: "<a p\(number % 14):a\(number / 14)=''/>"
                }
            _ = try parser.feed(Array(stanza.utf8))
        }
        #expect(parser.resets >= 9)
    }

    @Test("Memory does not grow with the names that strangers choose, in expat or beside it")
    func memory() async {
        // In a process of its own, where no other test takes memory.
        await #expect(processExitsWith: .success) {
            let parser = XMLStreamParser()
            _ = try parser.feed(Array(Sample.header.utf8))
            func feed(_ range: Range<Int>) throws {
                for number in range {
                    let child = "<x\(number)-a-hostile-name-of-some-length a\(number)='1'/></iq>"
                    _ = try parser.feed(Array(("<iq>" + child + "<iq\n>" + child).utf8))
                }
            }
            try feed(0..<20_000)
            let before = residentKilobytes()
            try feed(20_000..<120_000)
            let grown = residentKilobytes() - before
            // Without the reset it is more than 25 MB.
            #expect(grown < 6_000 || isSanitized, "grew by \(grown) KB")
            #expect(parser.resets > 20)
        }
    }
}
