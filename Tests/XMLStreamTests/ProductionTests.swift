// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

/// Every production of XML 1.0 (5th edition text; names as in the 4th, as expat reads them) that can stand in a stream,
/// kept and broken, and what RFC 6120 §11 takes away. What ends in the middle of a production is broken as well.
@Suite("The productions of XML 1.0 in a stream")
struct ProductionTests {
    struct Rule: CustomStringConvertible, Sendable {
        let name: String
        let kept: [String]
        let broken: [String]
        /// Stanzas that no string can hold.
        let brokenBytes: [[UInt8]]
        var description: String { name }

        init(_ name: String, kept: [String], broken: [String], brokenBytes: [[UInt8]] = []) {
            self.name = name
            self.kept = kept
            self.broken = broken
            self.brokenBytes = brokenBytes
        }
    }

    /// Inside of a stream.
    static let stanzaRules: [Rule] = [
        Rule("[2] Char", kept: ["<a>\t\n\r \u{85}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}</a>", "<a b='\u{7F}'/>"],
            broken: (UInt8(0)..<32).filter { ![9, 10, 13].contains($0) }.map { "<a>\(Character(Unicode.Scalar($0)))</a>" } + ["<a>\u{FFFE}</a>", "<a b='\u{FFFF}'/>"]),
        Rule("[3] S", kept: ["<a \t\r\n/>", "<a\u{20}b='1'\u{9}c='2'></a\u{A}>"], broken: ["< a/>", "<a></ a>", "<a\u{A0}b='1'/>", "<a\u{B}/>"]),
        Rule("[4,5] Name", kept: ["<_/>", "<a-b.c_1/>", "<\u{E9}\u{4E2D}/>", "<a \u{3B1}='1'/>", "<a\u{B7}/>", "<a><b/></a>"],
            broken: ["<1a/>", "<-a/>", "<.a/>", "<a'/>", "<a!/>", "<a\u{D7}/>", "<\u{B7}a/>", "<a@b/>", "<a 1='x'/>", "</>", "<>"]),
        Rule("[10] AttValue", kept: ["<a b=''/>", "<a b=\"'\" c='\"'/>", "<a b='&lt;&#60;&amp;>'/>", "<a b='\n'/>"],
            broken: ["<a b='<'/>", "<a b='&'/>", "<a b='& '/>", "<a b='x\"/>", "<a b=x/>", "<a b/>", "<a b=/>", "<a b=''c=''/>"]),
        Rule("[14] CharData", kept: ["<a>]] ></a>", "<a>]]&gt;</a>", "<a>'\">]</a>"], broken: ["<a>]]></a>", "<a>&</a>", "<a>a & b</a>", "<a><</a>"]),
        Rule("[15] Comment, taken away by RFC 6120 §11.1", kept: [], broken: ["<!---->", "<a><!-- x --></a>", "<a><!-- -- --></a>", "<!-x>"]),
        Rule("[16] PI, taken away by RFC 6120 §11.1", kept: [], broken: ["<?p?>", "<a><?p q?></a>", "<?xml version='1.0'?>", "<a><?XML?></a>", "<??>"]),
        Rule("[18-21] CDSect", kept: ["<a><![CDATA[]]></a>", "<a><![CDATA[<&]]]]></a>", "<a><![CDATA[&quot;<a>]]>&quot;</a>"],
            broken: ["<a><![CDATA[x</a>", "<a><![cdata[x]]></a>", "<a><![CDATA [x]]></a>", "<![CDATA[]]>x", "<a b='<![CDATA[]]>'/>"]),
        Rule("[28] doctypedecl, taken away by RFC 6120 §11.1", kept: [], broken: ["<!DOCTYPE a>", "<a><!DOCTYPE a></a>", "<!ENTITY a 'b'>"]),
        Rule("[39] element: end tags match", kept: ["<a></a>", "<a/>", "<a><a></a></a>"],
            broken: ["<a></b>", "<a></A>", "<a><b></a></b>", "</a>", "<a/></a>", "<a><b></a>", "<p:a xmlns:p='u'></a>"]),
        Rule("[40,41] STag: an attribute stands once", kept: ["<a b='1' B='1'/>", "<a b = '1'/>", "<a b='1' x:b='2' xmlns:x='u'/>"],
            broken: ["<a b='1' b='1'/>", "<a b='1'b='2'/>", "<a 'b'/>", "<a =b/>"]),
        Rule("[42] ETag", kept: ["<a></a >", "<a></a\n>"], broken: ["<a></a b='1'>", "<a></a/>", "<a></a <b/>"]),
        Rule("[43] content", kept: ["<a>x<b/>y<![CDATA[z]]>&amp;</a>"], broken: ["<a>x</a>y", "&amp;", "x"]),
        Rule("[66] CharRef", kept: ["<a>&#9;&#x20;&#xD7FF;&#xE000;&#x10FFFF;&#0065;&#x0041;</a>", "<a b='&#10;'/>"],
            broken: ["<a>&#0;</a>", "<a>&#1;</a>", "<a>&#xB;</a>", "<a>&#xD800;</a>", "<a>&#xDFFF;</a>", "<a>&#xFFFE;</a>", "<a>&#x110000;</a>",
                "<a>&#65</a>", "<a>&#;</a>", "<a>&#x;</a>", "<a>&#X41;</a>", "<a>&#xG;</a>", "<a>&# 65;</a>", "<a>&#-1;</a>", "<a>&#4294967361;</a>",
                "<a b='&#xFFFF;'/>"]),
        Rule("[68] EntityRef: the five and no other", kept: ["<a b='&lt;&gt;&amp;&quot;&apos;'>&lt;&gt;&amp;&quot;&apos;</a>"],
            broken: ["<a>&nbsp;</a>", "<a>&LT;</a>", "<a>&lt</a>", "<a>&;</a>", "<a>& lt;</a>", "<a>&lt ;</a>", "<a b='&eacute;'/>", "<a>%p;</a>&p;"]),
        Rule("Namespaces §2-6", kept: ["<a xmlns=''/>", "<p:a xmlns:p='u'/>", "<a xml:lang='en'/>", "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>"],
            broken: ["<p:a/>", "<a p:b='1'/>", "<a xmlns:p=''/>", "<a xmlns:xml='u'/>", "<a xmlns:xmlns='u'/>", "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
                "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "<:a/>", "<a:/>", "<a:b:c xmlns:a='u'/>", "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>"]),
        Rule("RFC 6120 §11.6: UTF-8", kept: ["<a>\u{E9}\u{20AC}\u{1F600}</a>"], broken: [], brokenBytes: noUTF8.flatMap { bytes in
            [("<a>", "</a>"), ("<a b='", "'/>"), ("<a", "/>"), ("<a><![CDATA[", "]]></a>")].map { Array($0.0.utf8) + bytes + Array($0.1.utf8) }
        }),
    ]

    /// RFC 3629 §3: characters cut short or without a beginning, written longer than need be, surrogates, beyond the last;
    /// and what other encodings have for a letter.
    static let noUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98], [0xC3, 0xA9, 0xA9],
        [0xC0, 0x80], [0xC1, 0xA1], [0xE0, 0x81, 0xA1], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x81, 0xA1], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xFF, 0xFE, 0x61, 0x00], [0xE9],
    ]

    /// The header itself.
    static let headerRules: [Rule] = [
        Rule("[22-25] prolog and XMLDecl", kept: ["<?xml version='1.0'?><s>", "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>\n <s>", "\n<s>", "<s >"],
            broken: ["<?xml?><s>", "<?xml version='1.1'?><s>", "<?xml version='2.0'?><s>", "<?xml encoding='UTF-8'?><s>", "<?xml version=1.0?><s>",
                " <?xml version='1.0'?><s>", "<?XML version='1.0'?><s>", "<?xml version='1.0' standalone='maybe'?><s>", "<?xml version='1.0'?>x<s>",
                "<?xml version='1.0' encoding='UTF-8' version='1.0'?><s>", "<?xml version='1.0'><s>", "x<s>", "&#32;<s>"]),
        Rule("[80,81] EncodingDecl: UTF-8 only (RFC 6120 §11.6)", kept: ["<?xml version='1.0' encoding='UTF-8'?><s>", "<?xml version='1.0' encoding='Utf-8'?><s>"],
            broken: ["ISO-8859-1", "US-ASCII", "UTF-16", "UTF-7", "UCS-4", "EBCDIC-CP-US", "windows-1252", "nonsense", "", "1"].map { "<?xml version='1.0' encoding='\($0)'?><s>" }),
        Rule("[28] doctypedecl: no entity can explode", kept: [], broken: [
            "<!DOCTYPE s><s>", "<!DOCTYPE s [<!ENTITY a 'x'>]><s>&a;", "<!DOCTYPE s SYSTEM 'file:///etc/passwd'><s>",
            "<!DOCTYPE s [<!ENTITY a '\(String(repeating: "x", count: 100))'><!ENTITY b '&a;&a;&a;&a;'>]><s>&b;", "<!DOCTYPE s [<!ENTITY % p SYSTEM 'u'>%p;]><s>",
        ]),
        Rule("[27] Misc, taken away by RFC 6120 §11.1", kept: [], broken: ["<!-- --><s>", "<?p?><s>", "<?xml-stylesheet href='u'?><s>"]),
    ]

    func check(_ text: String, before: String, _ isKept: Bool) { check(Array(text.utf8), before: before, isKept) }

    func check(_ text: [UInt8], before: String, _ isKept: Bool) {
        let bytes = Array(before.utf8) + text
        let shown = String(decoding: text, as: UTF8.self).debugDescription
        func isTaken(_ outcome: Outcome) -> Bool {
            outcome.failure == nil && outcome.header != nil && (before.isEmpty || outcome.stanzas.count == 1 && outcome.isClosed)
        }
        let whole = Outcome([bytes])
        #expect(isTaken(whole) == isKept, "\(shown): \(whole)")
        let single = Outcome(bytes.map { [$0] })
        #expect(isTaken(single) == isKept, "\(shown) byte by byte: \(single)")
        #expect(single.stanzas == whole.stanzas)
    }

    @Test("In a stanza", arguments: stanzaRules)
    func stanza(_ rule: Rule) {
        for text in rule.kept { check(text + "</s>", before: "<s xmlns='d'>", true) }
        for text in rule.broken { check(text + "</s>", before: "<s xmlns='d'>", false) }
        for text in rule.brokenBytes { check(text + "</s>".utf8, before: "<s xmlns='d'>", false) }
        #expect(!rule.broken.isEmpty || !rule.brokenBytes.isEmpty, "nothing breaks this rule")
    }

    @Test("In the header", arguments: headerRules)
    func header(_ rule: Rule) {
        for text in rule.kept { check(text, before: "", true) }
        for text in rule.broken { check(text, before: "", false) }
    }

    @Test("[4] every scalar up to U+FFFF in a name: taken exactly if the writer would write it")
    func everyNameCharacter() {
        for value in UInt32(0x80)...0xFFFF where value % 7 == 0 || value < 0x400 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isTaken = Outcome("<s><a\(Character(scalar))/>").failure == nil
            var writer = XMLWriter()
            writer.write(Element(XMLName("a\(Character(scalar))", "")))
            let isWritten = String(decoding: writer.take(), as: UTF8.self) == "<a\(Character(scalar))/>"
            // The writer may be the stricter one.
            #expect(!isWritten || isTaken, "U+\(String(value, radix: 16))")
        }
    }

    @Test("[2] every scalar in text: taken if it is a Char, refused if it is not")
    func everyCharacter() {
        for value in (UInt32(0)...0x2FF) + [0xD7FF, 0xE000, 0xFDD0, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x1FFFF, 0x10FFFE, 0x10FFFF] {
            guard let scalar = Unicode.Scalar(value), scalar != "<", scalar != "&" else { continue }
            let isCharacter = value >= 0x20 && value != 0xFFFE && value != 0xFFFF || [9, 10, 13].contains(value)
            let outcome = Outcome("<s><a>\(Character(scalar))</a>")
            #expect((outcome.failure == nil) == isCharacter, "U+\(String(value, radix: 16))")
        }
    }
}
