// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("Parsing what was written")
struct RoundTripTests {
    static let seeds: [UInt64] = [11, 12, 13, 14]

    static func scalar(_ generator: inout SeededGenerator) -> Unicode.Scalar {
        let range: ClosedRange<UInt32> =
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: 0...0x1F
            case 1, 2: 0x20...0x40
            case 3: 0x20...0x7E
            case 4: 0x7F...0x2FF
            case 5: 0xFFF0...0xFFFF
            case 6: 0x10FFF0...0x10FFFF
            default: 0...0x10FFFF
            }
        return Unicode.Scalar(UInt32.random(in: range, using: &generator)) ?? "?"
    }

    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    static func text(_ generator: inout SeededGenerator, longest: Int) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...longest, using: &generator) { text.append(scalar(&generator)) }
        return String(text)
    }

    static func allowedText(_ generator: inout SeededGenerator, longest: Int) -> String {
        String(String.UnicodeScalarView(text(&generator, longest: longest).unicodeScalars.filter(isAllowed)))
    }

    static func name(_ generator: inout SeededGenerator) -> String {
        ["a", "iq", "query", "x-y.z", "_", "Ünï", "item2", "some-longer-name"].randomElement(using: &generator) ?? "a"
    }

    static func namespace(_ generator: inout SeededGenerator) -> String {
        ["", "jabber:client", "jabber:client", "urn:a", "urn:b&c", "http://example/'q'", "\u{20AC}"].randomElement(using: &generator) ?? ""
    }

    static func element(_ generator: inout SeededGenerator, depth: Int = 1) -> Element {
        var element = Element(XMLName(name(&generator), namespace(&generator)))
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let namespace = Int.random(in: 0..<6, using: &generator) == 0 ? "urn:attribute" : ""
            let name = namespace.isEmpty && Int.random(in: 0..<5, using: &generator) == 0 ? "xml:lang" : name(&generator)
            guard !element.attributes.contains(where: { $0.name == name && $0.namespace == namespace }) else { continue }
            element.attributes.append(.init(name: name, namespace: namespace, value: allowedText(&generator, longest: 20)))
        }
        for _ in 0..<Int.random(in: 0...(depth < 6 ? 4 : 0), using: &generator) {
            if Bool.random(using: &generator) {
                element.append(Self.element(&generator, depth: depth + 1))
            } else if case .text? = element.children.last {
                continue
            } else {
                let text = allowedText(&generator, longest: 30)
                if !text.isEmpty { element.append(text: text) }
            }
        }
        return element
    }

    @Test("Any element comes back as it was, owned and as a view", arguments: seeds)
    func elements(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        let parser = XMLStreamParser()
        _ = try parser.feed(Array("<s xmlns='jabber:client'>".utf8))
        for _ in 0..<500 {
            let element = Self.element(&generator)
            var writer = XMLWriter(defaultNamespace: "jabber:client")
            writer.write(element)
            #expect(writer.replacedCharacters == 0)
            let bytes = writer.take()
            let pieces = cut(bytes, longest: 200, using: &generator)
            var views: [XMLElement] = []
            for piece in pieces {
                for case .stanzas(let batch) in try parser.feed(piece) { views += batch }
            }
            let view = try #require(views.first)
            #expect(view.element == element)
            writer.write(view)
            #expect(writer.take() == bytes)
        }
    }

    @Test("No text of any scalars makes the writer break a stream", arguments: seeds)
    func anyScalars(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for _ in 0..<1500 {
            let text = Self.text(&generator, longest: 60)
            let clean = String(
                String.UnicodeScalarView(text.unicodeScalars.map { Self.isAllowed($0) ? $0 : "\u{FFFD}" }))
            var writer = XMLWriter()
            writer.write(Element(XMLName("a", text), ["b": text], text: text))
            #expect(writer.replacedCharacters == 3 * text.unicodeScalars.count { !Self.isAllowed($0) })
            var limits = XMLLimits()
            limits.namespaceBytes = 10_000
            let outcome = Outcome([Array("<s>".utf8), writer.take()], parser: XMLStreamParser(limits: limits))
            let children: [Element.Child] = clean.isEmpty ? [] : [.text(clean)]
            #expect(outcome.stanzas == [Element(XMLName("a", clean), ["b": clean], children)], "\(Array(text.unicodeScalars))")
        }
    }

    @Test("No bytes make the writer break a stream", arguments: seeds)
    func anyBytes(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator)
                    : [0xEF, 0xBF, 0xBE, 0xED, 0xA0, 0xF0, 0x90, 0x80, 0xC3, 0x26].randomElement(using: &generator) ?? 0
            }
            var writer = XMLWriter()
            writer.start("a")
            writer.attribute("b", bytes: bytes)
            writer.text(bytes: bytes)
            let output = writer.take()
            // What Swift replaces and what XML forbids: both are U+FFFD.
            let decoded = String(decoding: bytes, as: UTF8.self)
            let clean = String(String.UnicodeScalarView(decoded.unicodeScalars.map { Self.isAllowed($0) ? $0 : "\u{FFFD}" }))
            let outcome = Outcome([Array("<s>".utf8), output])
            #expect(outcome.failure == nil)
            #expect(outcome.stanzas.first?["b"] == clean)
            #expect(outcome.stanzas.first?.text == clean)
        }
    }

    @Test("No name makes the writer break a stream", arguments: seeds)
    func anyNames(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for _ in 0..<800 {
            var element = Element(XMLName(Self.text(&generator, longest: 6), "urn:x"))
            for _ in 0..<3 {
                element.attributes.append(
                    .init(
                        name: Self.text(&generator, longest: 2), namespace: Bool.random(using: &generator) ? "" : "urn:y",
                        value: ""))
            }
            let outcome = Outcome("<s>\(element)<after/>")
            #expect(outcome.failure == nil, "\(element)")
            #expect(outcome.stanzas.count == 2)
        }
    }
}
