// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("What a stream must not hold")
struct RefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let kind: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ error: XMLStreamError) {
            self.name = name
            self.text = text
            kind = error.kind
        }
    }

    static let open = "<s xmlns='jabber:client'>"

    static let refusals: [Refusal] = [
        Refusal("DOCTYPE before the header", "<!DOCTYPE s SYSTEM 'x'><s>", .restricted(.documentType)),
        Refusal(
            "billion laughs", "<!DOCTYPE s [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;'>]><s><iq>&b;</iq>",
            .restricted(.documentType)),
        Refusal("external entity", "<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><s>&a;", .restricted(.documentType)),
        Refusal("DOCTYPE in the stream", open + "<!DOCTYPE s>", .notWellFormed("")),
        Refusal("entity declaration in the stream", open + "<iq><!ENTITY a 'b'></iq>", .notWellFormed("")),
        Refusal("entity reference in text", open + "<iq>&nbsp;</iq>", .restricted(.entityReference)),
        Refusal("entity reference in an attribute", open + "<iq id='&nbsp;'/>", .restricted(.entityReference)),
        Refusal("entity reference between stanzas", open + "&nbsp;", .restricted(.entityReference)),
        Refusal("comment before the header", "<!-- x --><s>", .restricted(.comment)),
        Refusal("comment between stanzas", open + "<!-- x -->", .restricted(.comment)),
        Refusal("comment in a stanza", open + "<iq><!-- x --></iq>", .restricted(.comment)),
        Refusal("processing instruction before the header", "<?php x?><s>", .restricted(.processingInstruction)),
        Refusal("processing instruction in a stanza", open + "<iq><?php x?></iq>", .restricted(.processingInstruction)),
        Refusal("XML declaration between stanzas", open + "<?xml version='1.0'?>", .notWellFormed("")),
        Refusal("Latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?><s>", .unsupportedEncoding("ISO-8859-1")),
        Refusal("declared UTF-16", "<?xml version='1.0' encoding='UTF-16'?><s>", .unsupportedEncoding("UTF-16")),
        Refusal("XML 1.1", "<?xml version='1.1'?><s>", .notWellFormed("")),
        Refusal("text in the stream itself", open + "hello", .notWellFormed("")),
        Refusal("character data section in the stream itself", open + "<![CDATA[hello]]>", .notWellFormed("")),
        Refusal("text before the stream", "hello<s>", .notWellFormed("")),
        Refusal("JSON instead of XML", "{\"stream\":{}}", .notWellFormed("")),
        Refusal("bytes after the end", open + "</s>x", .notWellFormed("")),
        Refusal("a second root", open + "</s><s>", .notWellFormed("")),
        Refusal("crossed tags", open + "<a><b></a></b>", .notWellFormed("")),
        Refusal("an attribute twice", open + "<a b='1' b='2'/>", .notWellFormed("")),
        Refusal("an attribute twice by another prefix", open + "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", .notWellFormed("")),
        Refusal("an attribute without quotes", open + "<a b=1/>", .notWellFormed("")),
        Refusal("a prefix that is not declared", open + "<p:a/>", .notWellFormed("")),
        Refusal("the prefix xmlns declared", open + "<a xmlns:xmlns='u'/>", .notWellFormed("")),
        Refusal("U+0000", open + "<a>\u{0}</a>", .notWellFormed("")),
        Refusal("U+0001", open + "<a>\u{1}</a>", .notWellFormed("")),
        Refusal("U+0001 by reference", open + "<a>&#1;</a>", .notWellFormed("")),
        Refusal("U+FFFE", open + "<a>\u{FFFE}</a>", .notWellFormed("")),
        Refusal("U+FFFF in an attribute", open + "<a b='\u{FFFF}'/>", .notWellFormed("")),
        Refusal("U+FFFE by reference", open + "<a>&#xFFFE;</a>", .notWellFormed("")),
        Refusal("a surrogate by reference", open + "<a>&#xD800;</a>", .notWellFormed("")),
        Refusal("a reference beyond Unicode", open + "<a>&#x110000;</a>", .notWellFormed("")),
        Refusal("]]> in text", open + "<a>]]></a>", .notWellFormed("")),
        Refusal("a raw < in an attribute", open + "<a b='<'/>", .notWellFormed("")),
    ]

    @Test("A stream is refused for", arguments: refusals)
    func refused(_ refusal: Refusal) {
        let whole = Outcome(refusal.text)
        #expect(whole.failure?.kind == refusal.kind, "\(whole)")
        let bytes = Outcome(refusal.text.utf8.map { [$0] })
        #expect(bytes.failure?.kind == refusal.kind, "byte by byte: \(bytes)")
        #expect(bytes.stanzas == whole.stanzas)
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xFE, 0xFF], [0xFF],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        let outcome = Outcome([Array(Self.open.utf8), Array("<a>".utf8) + bytes + Array("</a>".utf8)])
        #expect(outcome.failure?.kind == "notWellFormed")
        #expect(outcome.stanzas.isEmpty)
    }

    @Test("UTF-16 is refused with and without its mark, which expat takes unasked", arguments: [[], [0xFEFF]] as [[UInt16]], [true, false])
    func utf16(mark: [UInt16], isBigEndian: Bool) {
        let bytes = (mark + Array("<s><iq/>".utf16)).flatMap { unit in
            let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return isBigEndian ? pair : pair.reversed()
        }
        #expect(Outcome([bytes]).failure == .unsupportedEncoding("UTF-16"))
        #expect(Outcome(bytes.map { [$0] }).failure == .unsupportedEncoding("UTF-16"))
    }

    @Test("The mark of UTF-8 is allowed")
    func utf8Mark() {
        #expect(Outcome([[0xEF, 0xBB, 0xBF] + Array("<s><iq/>".utf8)]).stanzas.count == 1)
    }

    @Test("The five predefined entities, references and character data sections are text")
    func allowed() {
        let outcome = Outcome(Self.open + "<a b='&apos;&quot;'>&lt;&gt;&amp;&#x20AC;<![CDATA[<&amp;>]]>!</a>")
        #expect(outcome.stanzas == [Element(XMLName("a", "jabber:client"), ["b": "'\""], text: "<>&\u{20AC}<&amp;>!")])
    }

    @Test("An error names no more of an encoding than fits a line")
    func longEncoding() {
        let name = String(repeating: "x", count: 5000)
        let outcome = Outcome("<?xml version='1.0' encoding='\(name)'?><s>")
        #expect(outcome.failure == .unsupportedEncoding(String(repeating: "x", count: 40)))
    }
}
