// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct WriterTests {
    @Test(arguments: [
        ("\u{FFFE}", #""\uFFFE""#), ("\u{FFFF}", #""\uFFFF""#), ("\u{1}", #""\u0001""#), ("\u{1F}", #""\u001F""#),
        ("\u{0}", #""\u0000""#), ("a\tb\nc\rd\u{8}\u{C}", #""a\tb\nc\rd\b\f""#), ("]]>", #""]]\u003E""#), ("->", #""->""#),
        ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("\"\\/", #""\"\\/""#), ("<&>", #""<&>""#), ("é€😀", "\"é€😀\""),
        ("\u{FFFD}\u{2027}\u{EFFF}", "\"\u{FFFD}\u{2027}\u{EFFF}\""), ("", "\"\""),
    ])
    func `strings are safe inside XML`(_ text: String, _ written: String) throws {
        #expect(JSON.string(text).text == written)
        #expect(try JSONDocument(written).root.string == text)
        #expect(JSON.object([.init(text, 1)]).text == "{\(written):1}")
    }

    @Test func `no character that XML forbids is ever written`() throws {
        for value in UInt32(0)...0x1_1000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = JSON.string("]]\(scalar)>\(scalar)").text
            #expect(!text.contains("]]>"))
            for written in text.unicodeScalars {
                #expect(written.value >= 0x20 && written.value != 0xFFFE && written.value != 0xFFFF)
            }
            #expect(try JSONDocument(text).root.string == "]]\(scalar)>\(scalar)")
        }
    }

    @Test(arguments: [
        (21.0, "21"), (21.5, "21.5"), (0.1, "0.1"), (-0.0, "-0.0"), (1_795_413_600, "1795413600"), (1e300, "1e+300"),
        (.leastNonzeroMagnitude, "5e-324"), (9_007_199_254_740_991, "9007199254740991"), (9_007_199_254_740_992, "9007199254740992.0"),
        (.infinity, "null"), (.nan, "null"), (-1.25e-7, "-1.25e-07"), (0.30000000000000004, "0.30000000000000004"),
    ] as [(Double, String)])
    func `doubles are written shortest`(_ value: Double, _ text: String) throws {
        #expect(JSON.number(value).text == text)
        if value.isFinite { #expect(try JSONDocument(text).root.double?.bitPattern == value.bitPattern) }
    }

    @Test(arguments: [(Int64.max, "9223372036854775807"), (.min, "-9223372036854775808"), (0, "0"), (-7, "-7")])
    func `integers are written in full`(_ value: Int64, _ text: String) {
        #expect(JSON.integer(value).text == text)
    }

    @Test func `structure has commas where they belong`() throws {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.name("a")
        writer.beginArray()
        writer.integer(1)
        writer.beginObject()
        writer.endObject()
        writer.boolean(false)
        writer.raw(try JSONDocument("[ 1.50 ]").root)
        writer.endArray()
        writer.name("b")
        writer.null()
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":[1,{},false,[ 1.50 ]],"b":null}"#)
        writer.removeAll()
        writer.number(2)
        #expect(writer.bytes == [0x32])
    }

    @Test func `the pretty form is the same value`() throws {
        let json: JSON = ["a": [1, 2], "b": [["c": nil]], "d": [:], "e": []]
        #expect(json.prettyPrinted() == "{\n  \"a\": [1, 2],\n  \"b\": [\n    {\n      \"c\": null\n    }\n  ],\n  \"d\": {},\n  \"e\": []\n}\n")
        #expect(try JSONDocument(json.prettyPrinted()).root.json == json)
    }
}
