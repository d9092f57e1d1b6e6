// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

/// Every production of RFC 8259, kept and broken.
@Suite struct GrammarTests {
    @Test(arguments: [
        // §2 structural characters and space
        "[]", "{}", " [ ] ", "\t{\n}\r", "[ 1 , 2 ]", "{ \"a\" : 1 , \"b\" : 2 }", "\n\n0\n",
        // §3 values, each as the whole text
        "true", "false", "null", "\"\"", "0", "[true,false,null]",
        // §4 objects and §5 arrays
        #"{"a":{"b":{"c":[]}}}"#, #"[[],[[]],{}]"#, #"{"":0}"#, #"{"a":1,"A":2,"á":3}"#, #"[1,"1",[1],{"1":1}]"#,
        // §6 numbers
        "-0", "0", "-1", "10", "1.5", "0.001", "1e5", "1E+5", "1e-5", "1.25E2", "-0.0e-0", "1e00005", "123456789012345678901",
        // §7 strings
        #""plain""#, #""\"\\\/\b\f\n\r\t""#, #""\u0041\u00e9\uFFFF\u0000""#, #""\ud83d\ude00""#, "\"é\u{20AC}\u{1F600}\"",
        "\"\u{7F}\"", "\"\u{FFFE}\u{10FFFF}\"",
    ])
    func `a text that follows the grammar is taken`(_ text: String) {
        #expect(refusal(text) == nil)
    }

    @Test(arguments: [
        ("", "no JSON text"), ("  \n", "no JSON text"),
        ("[", "the text ends too early"), ("{", "the text ends too early"), ("[1", "the text ends too early"),
        ("[1,", "the text ends too early"), (#"{"a""#, "the text ends too early"), (#"{"a":"#, "the text ends too early"),
        (#""abc"#, "the text ends too early"), ("\"\\", "unknown escape in a string"), ("-", "the text ends too early"),
        ("1.", "the text ends too early"), ("1e", "the text ends too early"), ("tru", "unexpected character"),
        ("[1,]", "unexpected character"), (#"{"a":1,}"#, "unexpected character"), ("[,1]", "unexpected character"),
        ("[1 2]", "unexpected character"), (#"{"a" 1}"#, "unexpected character"), (#"{"a",1}"#, "unexpected character"),
        ("{1:1}", "unexpected character"), ("{a:1}", "unexpected character"), ("{'a':1}", "unexpected character"),
        ("[1}", "unexpected character"), (#"{"a":1]"#, "unexpected character"), ("]", "unexpected character"),
        ("[]]", "text after the value"), ("{}{}", "text after the value"), ("1 2", "text after the value"),
        ("true1", "text after the value"), ("nul", "unexpected character"), ("True", "unexpected character"),
        ("NaN", "unexpected character"), ("Infinity", "unexpected character"), ("-Infinity", "not a number of RFC 8259"),
        ("undefined", "unexpected character"), ("+1", "unexpected character"), (".5", "unexpected character"),
        ("01", "not a number of RFC 8259"), ("-01", "not a number of RFC 8259"), ("00", "not a number of RFC 8259"),
        ("1.e1", "not a number of RFC 8259"), ("[1.]", "not a number of RFC 8259"), ("1e+ ", "not a number of RFC 8259"),
        ("0x10", "text after the value"), ("1_000", "text after the value"), ("[- 1]", "not a number of RFC 8259"),
        ("\"\\x41\"", "unknown escape in a string"), ("\"\\u12G4\"", "unknown escape in a string"),
        ("\"\\u12\"", "unknown escape in a string"), ("\"\\U0041\"", "unknown escape in a string"),
        ("\"a\nb\"", "control character in a string"), ("\"\u{0}\"", "control character in a string"),
        ("\"\t\"", "control character in a string"), ("[1]\u{0}", "text after the value"),
        ("/**/1", "unexpected character"), ("[1]//", "text after the value"), ("\u{FEFF}1", "unexpected character"),
        ("\u{A0}1", "unexpected character"), ("\u{0C}1", "unexpected character"),
    ])
    func `a text that breaks the grammar is refused`(_ text: String, _ reason: String) {
        #expect(refusal(text)?.reason == reason)
    }

    @Test(arguments: [
        "\\ud800", "\\udc00", "\\ud800x", "\\ud800\\n", "\\ud800\\u0041", "\\ud800\\ud800", "\\udc00\\ud800", "\\uDBFF",
        "\\ud83d\\ude0", "\\ud83d\\uDE0G",
    ])
    func `a lone surrogate is refused`(_ escape: String) {
        #expect(refusal("[\"\(escape)\"]")?.reason == "lone surrogate in a string")
    }

    @Test(arguments: [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        [0xC3, 0xA9, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) {
        #expect(refusal([0x22] + bytes + [0x22])?.reason == "not UTF-8")
        #expect(refusal(bytes) != nil)
    }

    @Test func `all characters of Unicode are taken`() throws {
        for first in stride(from: UInt32(0x80), through: 0x10FFFF, by: 97) {
            guard let scalar = Unicode.Scalar(first) else { continue }
            let text = "0123456\(scalar)"
            #expect(try JSONDocument("\"\(text)\"").root.string == text)
        }
    }

    @Test func `the error names the place`() {
        #expect(refusal(#"{"a":[1,{"b":[true,!]}]}"#)?.pointer == "/a/1/b/1")
        #expect(refusal(#"{"a":{},"x/~y":[0,1,"#)?.pointer == "/x~1~0y/2")
        #expect(refusal(#"{"a":[1,2],"b":{"c":nope}}"#) == JSONError(
            pointer: "/b/c", reason: "unexpected character", offset: 20))
        #expect(refusal("?")?.description == "unexpected character at the root (byte 0)")
    }
}
