// SPDX-License-Identifier: Apache-2.0

@_spi(Comparison) import XMLStream

/// The first byte says how the rest is cut; the rest stands in an open stream, or is the stream if the byte is odd.
enum XMLBody {
    static let header = Array("<?xml version='1.0'?><s:s xmlns:s='u' xmlns='d' xmlns:p='&quot;v'>".utf8)

    /// What a parser made of some bytes.
    struct Outcome {
        var header: StreamHeader?
        var stanzas: [Element] = []
        var isClosed = false
        var failure: XMLStreamError?

        init(_ pieces: [ArraySlice<UInt8>], _ parser: XMLStreamParser) {
            for piece in pieces {
                do throws(XMLStreamError) {
                    for event in try parser.feed(Array(piece)) {
                        switch event {
                        case .opened(let opened): header = opened
                        case .stanzas(let batch): stanzas += batch.map(\.element)
                        case .closed: isClosed = true
                        }
                    }
                } catch {
                    failure = error
                    return
                }
                failure = parser.failure
                if failure != nil { return }
            }
        }

        /// The kind of error.
        var kind: String {
            switch failure {
            case nil: "none"
            case .notWellFormed: "not well-formed"
            case let other?: "\(other)"
            }
        }

        func isSame(as other: Outcome) -> Bool {
            header == other.header && stanzas == other.stanzas && isClosed == other.isClosed
        }
    }

    static func run(_ bytes: [UInt8]) -> String? {
        guard let mode = bytes.first else { return nil }
        let text = mode & 1 == 0 ? header + bytes.dropFirst() : Array(bytes.dropFirst())
        var small = XMLLimits()
        small.skipsStanzas = mode & 2 != 0
        if mode & 4 != 0 {
            small.stanzaBytes = 400
            small.tokenBytes = 100
            small.depth = 3
            small.attributes = 2
            small.nameBudget = 3
        }
        return compareFraming(text) ?? compareCuts(text, mode, small) ?? rewrite(text)
    }

    /// Against expat alone, which sees what is wrong with a stanza before the stanza has ended.
    private static func compareFraming(_ text: [UInt8]) -> String? {
        let parser = XMLStreamParser()
        let framed = Outcome([text[...]], parser)
        let plain = Outcome([text[...]], XMLStreamParser(limits: XMLLimits(), comparesOnly: true))
        // expat may wait for the rest of a character that the framer has seen to be none.
        let isBroken = plain.failure == nil && String(validating: text, as: UTF8.self) == nil
        let isWaiting = framed.failure == nil && !parser.isBetweenStanzas || isBroken
        // expat waits for the end of a comment however long it is, the framer for a kilobyte.
        let isGivenUp = plain.failure == nil && framed.failure == .notWellFormed("what no stream may hold")
        // Limits of bytes are those of the framer.
        if case .tooLarge = framed.failure { return nil }
        guard framed.isSame(as: plain), framed.kind == plain.kind || isWaiting || isGivenUp else {
            return "framing changes \(plain) to \(framed)"
        }
        return nil
    }

    /// However the bytes are cut, all of it is the same, but for the words in which expat says what is not well-formed.
    private static func compareCuts(_ text: [UInt8], _ mode: UInt8, _ limits: XMLLimits) -> String? {
        let whole = Outcome([text[...]], XMLStreamParser(limits: limits))
        let length = Int(mode >> 3) + 1
        let pieces = stride(from: 0, to: text.count, by: length).map { text[$0..<min(text.count, $0 + length)] }
        let parser = XMLStreamParser(limits: limits)
        if length & 1 == 0 {
            // So that a few bytes are many pieces and batches.
            parser.pieceBytes = 64
            parser.batchBytes = 32
        }
        let cut = Outcome(pieces, parser)
        guard whole.isSame(as: cut), whole.kind == cut.kind else {
            return "cut by \(length): \(cut) instead of \(whole)"
        }
        return nil
    }

    /// What is written means what was read.
    private static func rewrite(_ text: [UInt8]) -> String? {
        for stanza in Outcome([text[...]], XMLStreamParser()).stanzas {
            var writer = XMLWriter(defaultNamespace: "d")
            writer.write(stanza)
            let again = Outcome([(Array("<s xmlns='d'>".utf8) + writer.take())[...]], XMLStreamParser())
            guard again.stanzas == [stanza] else { return "\(stanza) was written as \(again)" }
        }
        return nil
    }

    static let seeds: [[UInt8]] = [
        "<iq type='set' id='1'><report xmlns='u'><json>{&quot;seq&quot;:1}</json></report></iq>", "<a b='&quot;'>&quot;<c/>&amp;quot;</a>",
        "<a><![CDATA[&quot;]]></a><p:b p:c='1'/>", "</s:s> ", "<a xmlns:q='w'><q:b/>&#34;&#x22;</a>", "<a><b><c><d><e/></d></c></b></a><f/>",
        "<a b='1' c='2' d='3'/><e/>", "<a>\u{E9}\u{20AC}\u{1F600}\r\n</a>", "<a>&qu", "<!DOCTYPE a>", "<?x?>", "<a>]]></a>", "<q:r/><a/>",
    ].flatMap { text in [UInt8(0), 10, 14, 62].map { [$0] + Array(text.utf8) } } + [[1] + header + Array("<a/></s:s>".utf8)]
}
