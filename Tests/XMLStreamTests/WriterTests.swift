// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("The writer")
struct WriterTests {
    func written(_ write: (inout XMLWriter) -> Void, in namespace: String = "jabber:client") -> String {
        var writer = XMLWriter(defaultNamespace: namespace)
        write(&writer)
        return String(decoding: writer.take(), as: UTF8.self)
    }

    @Test("Namespaces are written only where they change")
    func namespaces() {
        let text = written {
            $0.start("iq", namespace: "jabber:client")
            $0.attribute("type", "result")
            $0.attribute("id", nil)
            $0.start("query", namespace: "urn:q")
            $0.start("item")
            $0.end()
            $0.start("other", namespace: "jabber:client")
            $0.start("none", namespace: "")
            $0.end()
            $0.end()
            $0.end()
            $0.end()
        }
        #expect(
            text
                == "<iq type='result'><query xmlns='urn:q'><item/><other xmlns='jabber:client'><none xmlns=''/></other></query></iq>"
        )
    }

    @Test("Elements in the stream's own namespace get its prefix")
    func streamPrefix() throws {
        let streams = "http://etherx.jabber.org/streams"
        var writer = XMLWriter(defaultNamespace: "jabber:component:accept", streamNamespace: streams)
        writer.openStream(["to": "stations.example", "id": nil, "xml:lang": "en"])
        writer.start("error", namespace: streams)
        writer.start("conflict", namespace: "urn:ietf:params:xml:ns:xmpp-streams")
        writer.endAll()
        writer.start("handshake", namespace: "jabber:component:accept")
        writer.text("abc")
        writer.endAll()
        writer.closeStream()
        let bytes = writer.take()
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='\(streams)' "
                + "to='stations.example' xml:lang='en'><stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                + "</stream:error><handshake>abc</handshake></stream:stream>")
        let outcome = Outcome([bytes])
        #expect(outcome.header?.to == "stations.example")
        #expect(outcome.stanzas.map(\.name) == [XMLName("error", streams), XMLName("handshake", "jabber:component:accept")])
        #expect(outcome.isClosed)
    }

    @Test("Markup is escaped, quotes in attributes too, and what a parser would change is written as a reference")
    func escapes() {
        let text = written {
            $0.start("a")
            $0.attribute("b", "<>&'\"\t\n\r")
            $0.text("<>&'\"\t\n\r]]>")
        }
        #expect(
            text == "<a b='&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;'>&lt;&gt;&amp;'\"\t\n&#13;]]&gt;</a>")
    }

    @Test("A character at any offset of a long text is escaped", arguments: ["<", ">", "&", "\u{1}", "\r", "\u{FFFE}", "é"])
    func everyOffset(character: String) {
        for offset in 0..<40 {
            let text = String(repeating: "x", count: offset) + character + String(repeating: "y", count: 20)
            let element = Element(XMLName("a", ""), ["b": text], text: text)
            let parsed = Outcome("<s>\(element)").stanzas.first
            let expected = character == "\u{1}" || character == "\u{FFFE}" ? "\u{FFFD}" : character
            let clean = text.replacing(character, with: expected)
            #expect(parsed == Element(XMLName("a", ""), ["b": clean], text: clean), "offset \(offset)")
        }
    }

    @Test(
        "Each invalid part of UTF-8 becomes one U+FFFD and is counted",
        arguments: [
            ([0x41, 0x80, 0x42], "A\u{FFFD}B", 1), ([0xC0, 0x80], "\u{FFFD}\u{FFFD}", 2), ([0xE2, 0x82], "\u{FFFD}", 1),
            ([0xE2, 0x82, 0x41], "\u{FFFD}A", 1), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}", 3),
            ([0xF0, 0x9F, 0x8C], "\u{FFFD}", 1), ([0xF5, 0x80], "\u{FFFD}\u{FFFD}", 2), ([0xEF, 0xBF, 0xBF], "\u{FFFD}", 1),
            ([0xEF, 0xBF, 0xBD], "\u{FFFD}", 0), ([0xFF], "\u{FFFD}", 1), ([0x00, 0x1F], "\u{FFFD}\u{FFFD}", 2),
        ] as [([UInt8], String, Int)])
    func invalidUTF8(bytes: [UInt8], expected: String, replaced: Int) {
        var writer = XMLWriter()
        writer.text(bytes: bytes)
        #expect(writer.replacedCharacters == replaced)
        #expect(String(decoding: writer.take(), as: UTF8.self) == expected)
    }

    @Test(
        "Names that are none are repaired",
        arguments: [
            ("", "_"), ("1a", "_1a"), ("a b", "a_b"), ("a:b", "a_b"), ("a'/><b", "a____b"), ("-", "_-"), ("é", "é"), ("\u{1F327}", "____"),
            ("xmlns", "xmlns"),
        ])
    func names(name: String, expected: String) {
        let text = written({ $0.start(name) }, in: "")
        #expect(text == "<\(expected)/>")
        #expect(Outcome("<s>" + text).stanzas.count == 1)
    }

    @Test("An attribute stands once, never declares a namespace, and never outside of a tag")
    func attributes() {
        let text = written {
            $0.attribute("lost", "0")
            $0.start("a", namespace: "urn:a")
            $0.attribute("b", "1")
            $0.attribute("b", "2")
            $0.attribute("bb", "2")
            $0.attribute("xmlns", "urn:evil")
            $0.attribute("xmlns:p", "urn:evil")
            $0.attribute("xml:lang", "en")
            $0.attribute("xml:lang", "de")
            $0.text("t")
            $0.attribute("late", "3")
        }
        #expect(text == "<a xmlns='urn:a' b='1' bb='2' _xmlns='urn:evil' xmlns_p='urn:evil' xml:lang='en'>t</a>")
    }

    @Test("The namespaces that XML reserves are never declared")
    func reserved() {
        let xml = "http://www.w3.org/XML/1998/namespace"
        let text = written {
            $0.start("a", namespace: xml)
            $0.start("b", namespace: "http://www.w3.org/2000/xmlns/")
        }
        #expect(text == "<xml:a><b/></xml:a>")
        #expect(Outcome("<s xmlns='jabber:client'>" + text).stanzas.first?.name == XMLName("a", xml))
    }

    @Test("Attributes with a namespace get a prefix beside them, one for each namespace")
    func prefixedAttributes() {
        var element = Element(XMLName("a", "urn:a"))
        element.attributes = [
            .init(name: "x", namespace: "urn:p", value: "1"), .init(name: "x", value: "2"),
            .init(name: "y", namespace: "urn:p", value: "3"), .init(name: "x", namespace: "urn:q", value: "4"),
            .init(name: "x", namespace: "urn:p", value: "5"),
        ]
        #expect(
            element.description
                == "<a xmlns='urn:a' xmlns:n0='urn:p' n0:x='1' x='2' n0:y='3' xmlns:n1='urn:q' n1:x='4'/>")
        let parsed = Outcome("<s>\(element)").stanzas.first
        #expect(parsed?.attributes == Array(element.attributes.dropLast()))
    }

    @Test("Ends that have no start are ignored, and taking ends what is open")
    func unbalanced() {
        #expect(written { $0.end() } == "")
        #expect(
            written {
                $0.start("a")
                $0.start("b")
                $0.text("")
            } == "<a><b></b></a>")
    }

    @Test("Truncation takes back whole stanzas and what was begun")
    func truncate() {
        var writer = XMLWriter(defaultNamespace: "u")
        writer.write(Element(XMLName("a", "u")))
        let mark = writer.count
        writer.start("b", namespace: "u")
        writer.start("c", namespace: "v")
        writer.text("x")
        writer.truncate(to: mark)
        writer.write(Element(XMLName("d", "u")))
        writer.truncate(to: 1000)
        writer.truncate(to: -1)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "<a/><d/>")
        writer.truncate(to: 0)
        #expect(writer.count == 0)
    }

    @Test("Truncation into an open element leaves it well-formed")
    func truncateInside() {
        var writer = XMLWriter(defaultNamespace: "u")
        writer.start("a")
        writer.attribute("b", "1")
        let mark = writer.count
        writer.start("c")
        writer.truncate(to: mark)
        writer.attribute("b", "2")
        #expect(String(decoding: writer.take(), as: UTF8.self) == "<a b='1'></a>")
    }
}
