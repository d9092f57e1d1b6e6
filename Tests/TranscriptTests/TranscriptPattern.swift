// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationJSON
import XMLStream
import XMPPCore

/// Compares what came with what a play says, and remembers what the play gives a name.
///
/// `…` stands for anything, `{name}` for a value that is kept under this name from its first use on. Attributes stand in
/// any order, whitespace around elements means nothing, JSON is compared as JSON. `…` as the text of an element allows
/// any content, or, beside child elements, further ones; `"…":"…"` allows further members of an object.
struct TranscriptPattern {
    private enum Part: Equatable { case literal(String), anything, variable(String) }

    private(set) var variables: [String: String] = [:]
    /// Keys, certificates and signatures, which cannot stand in a play.
    private let keys: KeyChest?

    init(keys: KeyChest? = nil) { self.keys = keys }

    // MARK: - Text

    /// A text with the values of its variables, escaped for XML; nil if one has no value yet.
    /// `{x × 70000}` is the letter x, so many times.
    func filled(_ text: String) throws -> String? {
        var result = ""
        for part in Self.parts(text) {
            switch part {
            case .literal(let literal): result += literal
            case .anything: result += "…"
            case .variable(let name):
                if let value = variables[name] {
                    result += value.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("'", with: "&apos;")
                } else if let value = try Self.repetition(name) ?? keys?.value(of: name, names: variables, before: result) {
                    result += value
                } else {
                    return nil
                }
            }
        }
        return result
    }

    private static func repetition(_ text: String) -> String? {
        let words = text.split(separator: " ")
        guard words.count == 3, words[1] == "×", let count = Int(words[2]), (0...1_000_000).contains(count) else {
            return nil
        }
        return String(repeating: String(words[0]), count: count)
    }

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        func isName(_ name: Substring) -> Bool {
            name.first?.isLetter == true && name.allSatisfy { $0.isLetter || $0.isNumber || "- ×.()".contains($0) }
        }
        while let character = rest.first {
            rest.removeFirst()
            var part: Part?
            if character == "…" {
                part = .anything
            } else if character == "{", let end = rest.firstIndex(of: "}"), isName(rest[..<end]) {
                part = .variable(String(rest[..<end]))
                rest = rest[rest.index(after: end)...]
            }
            guard let part else {
                literal.append(character)
                continue
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(part)
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    mutating func matches(_ pattern: String, _ text: String) -> Bool {
        if pattern == text { return true }
        guard let found = Self.match(Self.parts(pattern)[...], Substring(text), variables) else { return false }
        variables = found
        return true
    }

    private static func match(
        _ parts: ArraySlice<Part>, _ text: Substring, _ variables: [String: String]
    ) -> [String: String]? {
        guard let part = parts.first else { return text.isEmpty ? variables : nil }
        let rest = parts.dropFirst()
        var name: String?
        switch part {
        case .literal(let literal):
            return text.hasPrefix(literal) ? match(rest, text.dropFirst(literal.count), variables) : nil
        case .variable(let variable):
            if let value = variables[variable] {
                return text.hasPrefix(value) ? match(rest, text.dropFirst(value.count), variables) : nil
            }
            name = variable
        case .anything: break
        }
        // The shortest that fits; all of it when nothing follows.
        var length = rest.isEmpty ? text.count : (name == nil ? 0 : 1)
        while length <= text.count {
            var known = variables
            if let name { known[name] = String(text.prefix(length)) }
            if let found = match(rest, text.dropFirst(length), known) { return found }
            length += 1
        }
        return nil
    }

    // MARK: - XML

    /// What differs, or nil.
    mutating func difference(_ pattern: Element, _ actual: Element, _ path: String = "") -> String? {
        let path = "\(path)/\(pattern.name.local)"
        guard pattern.name == actual.name else {
            return "\(path) is expected in '\(pattern.name.namespace)', <\(actual.name.local)/> in '\(actual.name.namespace)' came"
        }
        for attribute in pattern.attributes {
            guard let found = actual.attributes.first(where: { $0.name == attribute.name && $0.namespace == attribute.namespace })
            else { return "\(path) has no '\(attribute.name)'" }
            guard matches(attribute.value, found.value) else {
                return "\(path) has \(attribute.name)='\(found.value)' and not '\(attribute.value)'"
            }
        }
        for attribute in actual.attributes
        where !pattern.attributes.contains(where: { $0.name == attribute.name && $0.namespace == attribute.namespace }) {
            return "\(path) has a '\(attribute.name)' that was not expected"
        }
        return contents(pattern, actual, path)
    }

    private mutating func contents(_ pattern: Element, _ actual: Element, _ path: String) -> String? {
        let text = Self.trimmed(pattern.text)
        let found = Self.trimmed(actual.text)
        let expected = pattern.elements
        let children = actual.elements
        if text == "…", expected.isEmpty { return nil }
        if text != "…" {
            if children.count != expected.count { return "\(path) holds \(children.count) elements and not \(expected.count)" }
            let isSame = pattern.name == JSONContainer.name ? matchesJSON(text, found) : matches(text, found)
            if !isSame { return "\(path) says '\(found.prefix(400))' and not '\(text.prefix(400))'" }
            for (one, other) in zip(expected, children) {
                if let difference = difference(one, other, path) { return difference }
            }
            return nil
        }
        var rest = children[...]
        for one in expected {
            var last = "\(path) does not hold \(one)"
            while let other = rest.popFirst() {
                var trial = self
                guard let difference = trial.difference(one, other, path) else {
                    self = trial
                    last = ""
                    break
                }
                if one.name == other.name { last += "; \(difference)" }
            }
            if !last.isEmpty { return last }
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

    // MARK: - JSON

    mutating func matchesJSON(_ pattern: String, _ text: String) -> Bool {
        guard let one = try? JSONDocument(pattern).root.json, let other = try? JSONDocument(text).root.json else {
            return matches(pattern, text)
        }
        return matches(one, other)
    }

    mutating func matches(_ pattern: JSON, _ actual: JSON) -> Bool {
        switch (pattern, actual) {
        case (.string("…"), _): return true
        case (.string(let text), .string(let found)): return text.hasPrefix("<") ? matchesXML(text, found) : matches(text, found)
        case (.string(let text), _) where text.hasPrefix("{"): return matches(text, actual.text)
        case (.array(let all), .array(let found)):
            guard all.count == found.count else { return false }
            for (one, other) in zip(all, found) where !matches(one, other) { return false }
            return true
        case (.object(let members), .object(let found)):
            let isOpen = members.contains { $0.key == "…" }
            guard isOpen || members.count == found.count else { return false }
            for member in members where member.key != "…" {
                guard let value = actual[member.key], matches(member.value, value) else { return false }
            }
            return true
        default:
            if let one = pattern.double, let other = actual.double { return one == other }
            return pattern == actual
        }
    }

    /// A stanza within JSON (XEP-0295).
    private mutating func matchesXML(_ pattern: String, _ text: String) -> Bool {
        guard let one = try? parseFragment(Array(pattern.utf8), defaultNamespace: Namespaces.client),
            let other = try? parseFragment(Array(text.utf8), defaultNamespace: Namespaces.client)
        else { return false }
        return difference(one.element, other.element) == nil
    }
}
