// SPDX-License-Identifier: Apache-2.0

import StationJSON
@_spi(Comparison) import XMLStream

/// What was read, in a form that another program can make as well.
public enum Canonical {
    /// `x`: a stream at once; `y`: byte by byte; `j`: a JSON text.
    public static func answer(_ question: UInt8, _ bytes: [UInt8]) -> String {
        switch question {
        case UInt8(ascii: "x"): stream([bytes[...]])
        case UInt8(ascii: "y"): stream(bytes.indices.map { bytes[$0...$0] })
        default: json(bytes)
        }
    }

    /// The outcome (`waiting`: a stanza is under way), then for each stanza its tags and texts, all separated by U+001E.
    private static func stream(_ pieces: [ArraySlice<UInt8>]) -> String {
        let parser = XMLStreamParser()
        let outcome = XMLBody.Outcome(pieces, parser)
        let verdict = outcome.isClosed ? "closed" : parser.isBetweenStanzas ? "open" : "waiting"
        var parts = [outcome.failure == nil ? verdict : "error \(outcome.kind)"]
        for stanza in outcome.stanzas { append(stanza, to: &parts) }
        return parts.joined(separator: "\u{1E}")
    }

    private static func append(_ element: Element, to parts: inout [String]) {
        let attributes = element.attributes
            .map { "{\($0.namespace)}\($0.name)\u{1F}\($0.value)" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        parts.append((["S{\(element.name.namespace)}\(element.name.local)"] + attributes).joined(separator: "\u{1F}"))
        for child in element.children {
            switch child {
            case .element(let inner): append(inner, to: &parts)
            case .text(let text): parts.append("T" + text)
            }
        }
        parts.append("E")
    }

    private static func json(_ bytes: [UInt8]) -> String {
        guard let root = try? JSONDocument(bytes).root else { return "error" }
        var text = ""
        append(root.json, to: &text)
        return text
    }

    private static func append(_ value: JSON, to text: inout String) {
        switch value {
        case .null: text += "n"
        case .boolean(let flag): text += flag ? "t" : "f"
        case .integer(let number): append(Double(number), to: &text)
        case .number(let number): append(number, to: &text)
        case .string(let string): text += "s\(string.utf8.count):\(string)"
        case .array(let items):
            text += "["
            for item in items { append(item, to: &text) }
            text += "]"
        case .object(let members):
            text += "{"
            for member in members {
                append(.string(member.key), to: &text)
                append(member.value, to: &text)
            }
            text += "}"
        }
    }

    private static func append(_ number: Double, to text: inout String) {
        let digits = String((number == 0 ? 0 : number).bitPattern, radix: 16)
        text += "d" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
