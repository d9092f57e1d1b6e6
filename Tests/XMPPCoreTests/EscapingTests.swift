// SPDX-License-Identifier: Apache-2.0

import Testing
import XMPPCore

@Suite struct EscapingTests {
    @Test("The examples of XEP-0106 §5 are escaped and read back", arguments: [
        ("space cadet", "space\\20cadet"),
        ("call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"),
        ("at&t guy", "at\\26t\\20guy"),
        ("d'artagnan", "d\\27artagnan"),
        ("/.fanboy", "\\2f.fanboy"),
        ("::foo::", "\\3a\\3afoo\\3a\\3a"),
        ("<foo>", "\\3cfoo\\3e"),
        ("user@host", "user\\40host"),
        ("c:\\net", "c\\3a\\net"),
        ("c:\\\\net", "c\\3a\\\\net"),
        ("c:\\cool stuff", "c\\3a\\cool\\20stuff"),
        ("c:\\5commas", "c\\3a\\5c5commas"),
        ("\\2plus\\2is\\4", "\\2plus\\2is\\4"),
        ("foo\\bar", "foo\\bar"),
        ("foob\\41r", "foob\\41r"),
        ("here\\27s", "here\\5c27s"),
        ("\\", "\\"),
        ("\\2", "\\2"),
        ("\\20", "\\5c20"),
    ])
    func examples(_ plain: String, _ escaped: String) throws {
        #expect(JID.escape(plain) == escaped)
        #expect(JID.unescape(escaped) == plain)
        #expect(try JID(localpart: JID.escape(plain), domain: "example.com").localpart != nil)
    }

    @Test("Spaces at the ends are not escaped, and a code there is not read")
    func ends() {
        #expect(JID.escape(" a b ") == "a\\20b")
        #expect(JID.unescape("\\20a\\20b\\20") == "\\20a b\\20")
        #expect(JID.unescape("\\2F") == "\\2F", "only lower-case digits are codes")
    }

    @Test("Any text is read back as it was, but for spaces at its ends")
    func roundTrip() {
        var generator = SeededGenerator(seed: 106)
        let alphabet = Array("a\\25c0 @/&e\u{E9}:7".unicodeScalars)
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            text.append("x")
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            text.append("x")
            #expect(JID.unescape(JID.escape(String(text))) == String(text))
        }
    }
}
