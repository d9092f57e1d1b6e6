// SPDX-License-Identifier: Apache-2.0
import Testing
import XMPPTransport

@Suite("A stream in JSON (XEP-0295)")
struct JSONStreamTests {
    /// Reads in pieces of this size; the XML that came out, and why it ended.
    private func read(_ json: [UInt8], pieces: Int = .max, limit: Int = 1024) -> (String, JSONStreamError?) {
        var reader = JSONStreamReader(textBytes: limit)
        var xml: [UInt8] = []
        var rest = json[...]
        while !rest.isEmpty {
            Array(rest.prefix(pieces)).withUnsafeBytes { reader.read($0, into: &xml) }
            rest = rest.dropFirst(pieces)
        }
        return (String(decoding: xml, as: UTF8.self), reader.failure)
    }

    private func read(_ json: String, pieces: Int = .max, limit: Int = 1024) -> (String, JSONStreamError?) {
        read(Array(json.utf8), pieces: pieces, limit: limit)
    }

    /// Published in the XEP: a message, a stream header, an element of server dialback.
    static let examples = [
        "{\"s\":\"<message to='alice@wonderland.lit' id='if00lu'><body>Hi you</body><body xml:lang='cy'>Prynhawn da</body><nick xmlns='http://jabber.org/protocol/nick'>Alice</nick><active xmlns='http://jabber.org/protocol/chatstates'/></message>\"}",
        "{\"s\":\"<stream:stream from='juliet@example.com' to='example.com' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\"}",
        "{\"s\":\"<db:result from='sender.tld' to='target.tld'>1e701f120f66824b57303384e83b51feba858024fd2221d39f7acc52dcf767a9</db:result>\"}",
    ]

    @Test("The examples of the specification are read and written as they stand there", arguments: examples)
    func published(example: String) {
        let (xml, failure) = read(example)
        #expect(failure == nil)
        #expect(xml == String(example.dropFirst(6).dropLast(2)))
        #expect(JSONStreamWriter.object(xml.utf8) == Array(example.utf8))
    }

    @Test("However it is cut, the same comes out, and with the last brace, not before")
    func cuts() {
        let json =
            Self.examples.joined(separator: " \r\n\t") + #"{ "\u0073" : "<a b='\u00e9\ud834\udd1e\/'>\"\\\n</a>" }"#
        let (whole, failure) = read(json)
        #expect(failure == nil)
        #expect(whole.hasSuffix("<a b='é𝄞/'>\"\\\n</a>"))
        for pieces in [1, 2, 3, 7, 64] { #expect(read(json, pieces: pieces) == (whole, nil)) }
        let bytes = Array(json.utf8)
        var reader = JSONStreamReader()
        var xml: [UInt8] = []
        var seen: [Int] = []
        for (index, byte) in bytes.enumerated() {
            let before = xml.count
            [byte].withUnsafeBytes { reader.read($0, into: &xml) }
            if xml.count > before { seen.append(index) }
        }
        #expect(seen == bytes.indices.filter { bytes[$0] == UInt8(ascii: "}") })
        #expect(reader.heldBytes == 0)
    }

    static let flaws: [(String, JSONStreamError)] = [
        ("<?xml version='1.0'?>", .noBrace), ("<stream:stream", .noBrace), (" {", .noBrace), ("\u{FEFF}{", .noBrace),
        ("[", .noBrace), ("{}", .shape), ("{,", .shape), ("{{", .shape), ("{\"", .string), ("{\"t\":", .shape),
        ("{\"\":", .shape), ("{\"ss\":", .shape), ("{\"s\"}", .shape), ("{\"s\",", .shape), ("{\"s\":{", .shape),
        ("{\"s\":[", .shape), ("{\"s\":1", .shape), ("{\"s\":null", .shape), ("{\"s\":true", .shape),
        ("{\"s\":\"<a/>\",", .shape), ("{\"s\":\"<a/>\"]", .shape), ("{\"s\":\"<a/>\"}}", .shape),
        ("{\"s\":\"<a/>\"},", .shape), ("{\"s\":\"<a/>\"}x", .shape), ("{\"s\":'<a/>'}", .shape),
        ("{\"s\":\"\u{1}", .string), ("{\"s\":\"\n", .string), ("{\"s\":\"\\x", .string), ("{\"s\":\"\\u12g4", .string),
        ("{\"s\":\"\\ud834\"", .string), ("{\"s\":\"\\ud834x", .string), ("{\"s\":\"\\ud834\\n", .string),
        ("{\"s\":\"\\ud834\\ud834", .string), ("{\"s\":\"\\udd1e", .string), ("{\"s\":\"<a\"}", .piece),
        ("{\"s\":\"<a/>text\"}", .piece), ("{\"s\":\"x\"}", .piece), ("{\"\\u0073s\"", .shape),
        ("{\"\\ud834\"", .string),
    ]

    @Test("What is not exactly that is refused, where it shows, in whatever pieces", arguments: flaws)
    func refused(json: String, expected: JSONStreamError) {
        // A string is at fault only with its end; two of the cases need it.
        let json = json == "{\"" ? "{\"\n" : json
        for pieces in [1, 2, .max] {
            let (_, failure) = read(json, pieces: pieces)
            #expect(failure == expected, "\(json) in pieces of \(pieces)")
        }
        // What came before is good, what comes behind is not read.
        for pieces in [1, .max] where expected != .noBrace {
            let (xml, failure) = read("{\"s\":\"<b/>\"}" + json + "{\"s\":\"<c/>\"}", pieces: pieces)
            #expect(xml.hasPrefix("<b/>") && !xml.contains("<c/>"))
            #expect(failure == expected)
        }
    }

    @Test("The text of an object may have as many bytes as the limit says, however it is written in JSON, and no more")
    func limit() {
        func object(_ count: Int) -> String { "{\"s\":\"<" + String(repeating: "a", count: count - 2) + ">\"}" }
        func escaped(_ count: Int) -> String {
            "{\"s\":\"\\u003c" + String(repeating: "\\u0061", count: count - 2) + "\\u003e\"}"
        }
        for pieces in [1, 100, .max] {
            for form in [object, escaped] {
                #expect(read(form(64), pieces: pieces, limit: 64).1 == nil)
                #expect(read(form(65), pieces: pieces, limit: 64) == ("", .tooLarge))
            }
            #expect(read(String(repeating: object(64) + "   ", count: 9), pieces: pieces, limit: 64).1 == nil)
            let spaces = String(repeating: " ", count: 400)
            #expect(read("{\(spaces)\"s\":\"\"}", pieces: pieces, limit: 64).1 == .tooLarge)
            #expect(read("{\"s\":\"\"}\(spaces)\(spaces){\"s\":\" \"}", pieces: pieces, limit: 64) == (" ", nil))
            // A name is none from its second byte on, however much of it comes at once.
            #expect(read("{\"" + String(repeating: "s", count: 400), pieces: pieces, limit: 64) == ("", .shape))
        }
        // Never more is held than the limit, whatever comes.
        var reader = JSONStreamReader(textBytes: 1000)
        var xml: [UInt8] = []
        for byte in Array("{\"s\":\"".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 5000) {
            [byte].withUnsafeBytes { reader.read($0, into: &xml) }
            #expect(reader.heldBytes <= 1000)
        }
        #expect(reader.failure == .tooLarge)
        #expect(reader.heldBytes == 0)
    }

    @Test("Each element gets an object of its own, whatever stands in it")
    func writer() {
        let stanzas = ["<a/>", "<b c='>' d='/'>x\"\\\u{1}<e/></b>", "<f g=\"'>\"></f>", "<h><h>é</h></h>"]
        let json = JSONStreamWriter.objects(Array(stanzas.joined(separator: " \n").utf8))
        let (xml, failure) = read(json)
        #expect(failure == nil)
        #expect(xml == stanzas.joined())
        let objects = String(decoding: json, as: UTF8.self).components(of: "{\"s\":")
        #expect(objects == stanzas.count)
        for nothing in ["", "  ", "<", "<>", "text", "<a", "<a>", "</"] {
            #expect(JSONStreamWriter.objects(Array(nothing.utf8)).isEmpty, "\(nothing)")
        }
    }

    @Test("Any bytes are read without a trap, and whatever was written comes back", arguments: 0..<50)
    func random(seed: Int) {
        var bits = Bits(seed: UInt64(seed))
        let alphabet = Array("{}\"s:\\u0dD8<a/>' \n,x\u{e9}".utf8) + [0, 1, 0x1F, 0x7F, 0xFF]
        for _ in 0..<200 {
            let length = Int(bits.next() % 40)
            let bytes = (0..<length).map { _ in alphabet[Int(bits.next() % UInt64(alphabet.count))] }
            let start = Array("{\"s\":\"".utf8)
            #expect(read(bytes).1 == read(bytes, pieces: 1).1)
            #expect(read(start + bytes).0 == read(start + bytes, pieces: 1).0)
            let (xml, failure) = read(JSONStreamWriter.object(bytes + Array("<a>".utf8)))
            #expect(failure == nil)
            #expect(Array(xml.utf8) == Array(String(decoding: bytes + Array("<a>".utf8), as: UTF8.self).utf8))
        }
    }

    @Test("JSON refused is XML from then on while that works, and JSON again when it does not")
    func choice() {
        var choice = FramingChoice(.json)
        #expect(choice.next == .json)
        let isTriedAgain = choice.refused()
        #expect(isTriedAgain)
        #expect(choice.next == .xml)
        let isTriedOnceMore = choice.refused()
        #expect(!isTriedOnceMore, "in XML there is nothing to fall back to")
        choice.ended(wasReady: true)
        #expect(choice.next == .xml)
        choice.ended(wasReady: false)
        #expect(choice.next == .json)
        var xml = FramingChoice(.xml)
        let isXMLTriedAgain = xml.refused()
        #expect(!isXMLTriedAgain)
        xml.ended(wasReady: false)
        #expect(xml.next == .xml)
    }
}

extension String {
    /// How often this stands in it.
    fileprivate func components(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
