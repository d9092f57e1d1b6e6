// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream
import XMPPTransport

/// The first byte says what the rest is (two bits: all that comes, the inside of a string, XML for one object, XML for
/// an object an element), whether the limits are small (one), and how it is cut (five).
enum JSONStreamBody {
    /// What a reader made of some bytes in pieces of one length.
    private struct Feed {
        /// What came out of each read, if anything did.
        var pieces: [ArraySlice<UInt8>] = []
        var reader: JSONStreamReader
        var flaw: String?

        var xml: [UInt8] { Array(pieces.joined()) }

        init(_ json: [UInt8], by length: Int, limit: Int) {
            reader = JSONStreamReader(textBytes: limit)
            for start in stride(from: 0, to: json.count, by: length) {
                let read = json[start..<min(json.count, start + length)]
                var xml: [UInt8] = []
                read.withUnsafeBytes { reader.read($0, into: &xml) }
                if reader.heldBytes > limit { flaw = "\(reader.heldBytes) bytes are held, \(limit) are allowed" }
                if reader.failure != nil, reader.heldBytes > 0 { flaw = "a refused stream holds bytes" }
                if xml.isEmpty { continue }
                if !read.contains(UInt8(ascii: "}")) { flaw = "text comes out before its object has ended" }
                pieces.append(xml[...])
            }
        }
    }

    /// The opening and little else.
    private static let smallLimit = 16
    private static let opening = JSONStreamWriter.object("<s xmlns='d'>".utf8)

    static func run(_ bytes: [UInt8]) -> String? {
        guard let mode = bytes.first else { return nil }
        let rest = Array(bytes.dropFirst())
        let isSmall = mode & 4 != 0
        let limit = isSmall ? smallLimit : JSONStreamReader.textBytes
        var allowed: Set<JSONStreamError?> = [nil, .tooLarge]
        let json: [UInt8]
        switch mode & 3 {
        case 0: json = rest
        case 1: json = opening + #"{"s":""#.utf8 + rest
        case 2:
            json = opening + JSONStreamWriter.object(rest)
            allowed.insert(.piece)
        default: json = opening + JSONStreamWriter.objects(rest)
        }
        let whole = Feed(json, by: max(1, json.count), limit: limit)
        if mode & 2 != 0, !allowed.contains(whole.reader.failure) { return "what was written is refused: \(whole)" }
        return whole.flaw ?? compareCuts(json, whole, Int(mode >> 3) + 1, isSmall) ?? compareObjects(json, whole)
            ?? rewrite(whole.xml) ?? restart(whole.reader)
    }

    /// However the bytes are cut, the same XML comes out, the same is refused, and the XML means the same.
    private static func compareCuts(_ json: [UInt8], _ whole: Feed, _ length: Int, _ isSmall: Bool) -> String? {
        let cut = Feed(json, by: length, limit: isSmall ? smallLimit : JSONStreamReader.textBytes)
        if let flaw = cut.flaw { return flaw }
        guard cut.xml == whole.xml, cut.reader.failure == whole.reader.failure else {
            return "cut by \(length): \(cut.reader) instead of \(whole.reader)"
        }
        var limits = XMLLimits()
        if isSmall {
            limits.stanzaBytes = smallLimit
            limits.tokenBytes = smallLimit
            limits.depth = 3
        }
        let atOnce = XMLBody.Outcome(whole.pieces, XMLStreamParser(limits: limits))
        let inPieces = XMLBody.Outcome(cut.pieces, XMLStreamParser(limits: limits))
        return atOnce.isSame(as: inPieces) && atOnce.kind == inPieces.kind
            ? nil : "cut by \(length), the XML is \(inPieces) instead of \(atOnce)"
    }

    /// Against the reader of JSON texts, which is asked for one object after the other.
    private static func compareObjects(_ json: [UInt8], _ whole: Feed) -> String? {
        // That one takes UTF-8 only, which is left to the XML here; and has limits of its own.
        guard whole.reader.failure != .tooLarge, String(validating: json, as: UTF8.self) != nil else { return nil }
        var xml: [UInt8] = []
        var start = 0
        var texts = 0
        while let end = end(of: json, from: start, &texts) {
            guard let members = try? JSONDocument(json[start..<end]).root.members, members.count == 1,
                members[0].key == "s", let text = members[0].value.string
            else { break }
            let last = text.utf8.last { !isSpace($0) }
            guard last == nil || last == UInt8(ascii: ">") else { break }
            xml += text.utf8
            start = json[end...].firstIndex { !isSpace($0) } ?? json.count
        }
        let isKnown = texts < mostTexts
        return !isKnown || xml == whole.xml ? nil : "the objects hold \(xml), and \(whole.xml) came out"
    }

    /// How many texts of JSON are tried for one input, since each brace in a string might be the last.
    private static let mostTexts = 200

    /// The end of the object that starts there: the first brace behind which the text is a JSON text.
    private static func end(of json: [UInt8], from start: Int, _ texts: inout Int) -> Int? {
        guard start < json.count, json[start] == UInt8(ascii: "{") else { return nil }
        for brace in json.indices[start...] where json[brace] == UInt8(ascii: "}") && texts < mostTexts {
            texts += 1
            if (try? JSONDocument(json[start...brace])) != nil { return brace + 1 }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// What is written is read again as it was: all in one object, and each element in one of its own.
    private static func rewrite(_ xml: [UInt8]) -> String? {
        let again = Feed(JSONStreamWriter.object(xml), by: 64, limit: max(1, xml.count))
        guard again.xml == xml, again.reader.failure == nil else { return "\(xml) was written as \(again.xml)" }
        let stanzas = XMLBody.Outcome([xml[...]], XMLStreamParser()).stanzas
        var writer = XMLWriter(defaultNamespace: "d")
        for stanza in stanzas { writer.write(stanza) }
        let written = writer.take()
        let objects = Feed(JSONStreamWriter.objects(written), by: 1, limit: max(1, written.count))
        guard objects.xml == written, objects.pieces.count == stanzas.count else {
            return "\(stanzas) went into \(objects.pieces.count) objects"
        }
        let taken = XMLBody.Outcome([Array("<s xmlns='d'>".utf8)[...]] + objects.pieces, XMLStreamParser())
        return taken.stanzas == stanzas ? nil : "\(stanzas) came back as \(taken)"
    }

    /// Nothing of the old stream is in the new one.
    private static func restart(_ used: JSONStreamReader) -> String? {
        var reader = used
        reader.restart()
        guard reader.heldBytes == 0, reader.failure == nil else { return "a restart keeps \(reader)" }
        var xml: [UInt8] = []
        JSONStreamWriter.object("<a/>".utf8).withUnsafeBytes { reader.read($0, into: &xml) }
        return xml == Array("<a/>".utf8) && reader.failure == nil ? nil : "after a restart: \(reader)"
    }

    /// What the rest is, and the rest.
    private static let inputs: [(UInt8, String)] = [
        (0, #"{"s":"<s xmlns='d'>"} {"s":"<a b='\u00e9\ud834\udd1e\/'>\"\\\n</a>"} { "\u0073" : "</s>" }"#),
        (0, #"{"s":"<s xmlns='d' xmlns:p='u'>"}{"s":"<p:a/><b/>"}{"s":""}{"s":" "}{"s":"<c"}"#), (0, "<?xml version='1.0'?><s>"),
        (0, #"{"t":"<s>"}"#), (0, #"{"s":["<s>"]}"#), (0, #"{"s":"<s>","s":"<a>"}"#), (0, "{\"" + String(repeating: "s", count: 120)),
        (1, #"<iq type='set' id='1'><report xmlns='u'>{&quot;a&quot;:1}</report></iq>"}"#), (1, #"\u003ca\u003E}{\ud83d\u003e"#),
        (2, "<a><b c='>'>\"\\\u{1}</b></a>"), (3, "<a/> <b c='>' d='/'>x<e/></b>\n<f g=\"'>\"></f><h><h>\u{E9}</h></h>"), (3, "<a><b></a>"),
    ]

    static let seeds: [[UInt8]] = inputs.flatMap { form, text in [UInt8(0), 4, 16, 60].map { [$0 | form] + Array(text.utf8) } }
}
