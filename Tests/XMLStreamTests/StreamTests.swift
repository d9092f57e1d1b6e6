// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("A stream of stanzas")
struct StreamTests {
    @Test("The header tells its identifier, addresses, language and namespaces")
    func header() throws {
        let outcome = Outcome(
            "<?xml version='1.0' encoding='utf-8'?>\n<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
                + "xmlns='jabber:client' id='a&amp;b' from='x.example' to='y.example' version='1.0' xml:lang='de'>")
        let header = try #require(outcome.header)
        #expect(header.name == XMLName("stream", "http://etherx.jabber.org/streams"))
        #expect(header.id == "a&b")
        #expect(header.from == "x.example")
        #expect(header.to == "y.example")
        #expect(header.version == "1.0")
        #expect(header.language == "de")
        #expect(header.defaultNamespace == "jabber:client")
        #expect(header.attributes["xmlns:stream"] == "http://etherx.jabber.org/streams")
        #expect(outcome.failure == nil)
    }

    @Test("A header without attributes or namespaces is a header")
    func bareHeader() {
        let outcome = Outcome("<stream>")
        #expect(outcome.header?.name == XMLName("stream", ""))
        #expect(outcome.header?.defaultNamespace == "")
        #expect(outcome.header?.id == nil)
    }

    @Test("A stanza is delivered with its last byte and not one later", arguments: Sample.stanzas)
    func noDeferral(stanza: String) throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array(Sample.header.utf8))
        let bytes = Array(stanza.utf8)
        // In two pieces with the tag cut: this is where deferral would hold the stanza back.
        #expect(try parser.feed(Array(bytes.dropLast())).isEmpty)
        let events = try parser.feed([bytes[bytes.count - 1]])
        guard case .stanzas(let batch)? = events.first else {
            Issue.record("no stanza after its last byte")
            return
        }
        #expect(batch.count == 1)
    }

    @Test("A stanza cut at any byte is the same stanza", arguments: Sample.stanzas)
    func everyCut(stanza: String) {
        let expected = Outcome(Sample.header + stanza)
        #expect(expected.stanzas.count == 1)
        let head = Array(Sample.header.utf8)
        let bytes = Array(stanza.utf8)
        for place in 0...bytes.count {
            let outcome = Outcome([head, Array(bytes[..<place]), Array(bytes[place...])])
            #expect(outcome == expected, "cut at \(place)")
        }
    }

    @Test("A header cut at any byte is the same header")
    func everyCutOfTheHeader() {
        let bytes = Array((Sample.header + Sample.stanzas[1]).utf8)
        let expected = Outcome([bytes])
        for place in 0...bytes.count {
            #expect(Outcome([Array(bytes[..<place]), Array(bytes[place...])]) == expected, "cut at \(place)")
        }
    }

    @Test("A whole stream byte by byte is the same as at once")
    func byteByByte() {
        let bytes = Array(Sample.whole.utf8)
        let expected = Outcome([bytes])
        #expect(expected.stanzas.count == Sample.stanzas.count)
        #expect(expected.isClosed)
        #expect(expected.failure == nil)
        #expect(Outcome(bytes.map { [$0] }) == expected)
    }

    @Test("Any cuts give the same stream", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomCuts(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        let bytes = Array(Sample.whole.utf8)
        let expected = Outcome([bytes])
        for _ in 0..<50 {
            let longest = Int.random(in: 1...400, using: &generator)
            #expect(Outcome(cut(bytes, longest: longest, using: &generator)) == expected)
        }
    }

    @Test("The stanzas of one read come in one batch")
    func oneBatch() throws {
        let events = try XMLStreamParser().feed(Array((Sample.header + Sample.stanzas.joined() + "<iq").utf8))
        #expect(events.count == 2)
        guard case .stanzas(let batch)? = events.last else {
            Issue.record("no batch")
            return
        }
        #expect(batch.count == Sample.stanzas.count)
    }

    @Test("Whitespace between stanzas keeps the stream alive for ever and is not reported")
    func keepAlive() throws {
        var limits = XMLLimits()
        limits.stanzaBytes = 1000
        let parser = XMLStreamParser(limits: limits)
        _ = try parser.feed(Array(Sample.header.utf8))
        for _ in 0..<200 {
            #expect(try parser.feed(Array(" \n\t \r\n                                                                ".utf8)).isEmpty)
        }
        let outcome = Outcome([Array("<iq/> ".utf8), Array(" <iq/>\n</stream:stream>\n \n".utf8), [0x20]], parser: parser)
        #expect(outcome.stanzas.count == 2)
        #expect(outcome.isClosed)
        #expect(outcome.failure == nil)
    }

    @Test("What came before an error is delivered, and then the error stays")
    func errorAfterStanzas() throws {
        let parser = XMLStreamParser()
        let events = try parser.feed(Array((Sample.header + "<iq/><iq id='2'/><iq></message>").utf8))
        #expect(events.count == 2)
        let failure = try #require(parser.failure)
        #expect(failure.kind == "notWellFormed")
        #expect(throws: failure) { try parser.feed(Array("<iq/>".utf8)) }
        #expect(throws: failure) { try parser.feed([]) }
    }

    @Test("A stream refused for its size stays refused when the rest comes")
    func refusedForEver() throws {
        var limits = XMLLimits()
        limits.tokenBytes = 1000
        let parser = XMLStreamParser(limits: limits)
        _ = try parser.feed(Array("<s><a b='\(String(repeating: "x", count: 900))".utf8))
        #expect(throws: XMLStreamError.tooLarge(.tokenBytes)) { try parser.feed([UInt8](repeating: 0x78, count: 200)) }
        #expect(throws: XMLStreamError.tooLarge(.tokenBytes)) { try parser.feed(Array("'/>".utf8)) }
    }

    @Test("After a reset a new stream begins, with nothing left of the old one")
    func reset() throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array((Sample.header + "<iq/><message><body>half").utf8))
        parser.reset()
        let outcome = Outcome(["<a xmlns='urn:a'>", "<b/>", "</a>"].map { Array($0.utf8) }, parser: parser)
        #expect(outcome.header?.defaultNamespace == "urn:a")
        #expect(outcome.stanzas == [Element(XMLName("b", "urn:a"))])
        #expect(outcome.isClosed)
        _ = try? parser.feed(Array("<!".utf8))
        parser.reset()
        #expect(parser.failure == nil)
        #expect(Outcome([Array(Sample.whole.utf8)], parser: parser) == Outcome(Sample.whole))
    }

    @Test("A batch stays as it was while the parser goes on")
    func batchesAreFrozen() throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array(Sample.header.utf8))
        var kept: [(StanzaBatch, String)] = []
        for round in 0..<40 {
            let text = "<iq id='\(round)'><a>\(String(repeating: "x", count: round))</a></iq><iq id='half"
            let events = try parser.feed(Array((round == 0 ? text : "'/>" + text).utf8))
            for case .stanzas(let batch) in events where round % 3 == 0 {
                kept.append((batch, batch.map(\.element).description))
            }
        }
        for (batch, text) in kept { #expect(batch.map(\.element).description == text) }
    }

    @Test("An element keeps its batch alive and unchanged")
    func elementsKeepTheirBatch() throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array(Sample.header.utf8))
        var elements: [XMLElement] = []
        for round in 0..<20 {
            for case .stanzas(let batch) in try parser.feed(Array("<iq id='\(round)'/>".utf8)) { elements.append(batch[0]) }
        }
        #expect(elements.map { $0.attribute("id") } == (0..<20).map { String($0) })
    }
}
