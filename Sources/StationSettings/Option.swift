// SPDX-License-Identifier: Apache-2.0

/// One option of a program's configuration: key, type, default, unit and sentence stand here once.
/// The annotated file, the documentation table and the environment variable are made from it.
public struct Option: Sendable, Hashable {
    /// What values an option takes.
    public enum Kind: Sendable, Hashable {
        case text
        /// One of these words.
        case word([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case boolean
        /// A list of texts.
        case list
    }

    /// Dotted, for example `component.port`.
    public let key: String
    /// What values it takes.
    public let kind: Kind
    /// As it would stand in the file; nil means that the option must be given.
    public let standard: String?
    /// For people: `seconds`, `bytes`, `days`; empty if it has none.
    public let unit: String
    /// What it is for, in a sentence or two.
    public let sentence: String

    public init(_ key: String, _ kind: Kind, _ standard: String?, unit: String = "", _ sentence: String) {
        self.key = key
        self.kind = kind
        self.standard = standard
        self.unit = unit
        self.sentence = sentence
    }

    /// `component.serverPort` is `PREFIX_COMPONENT_SERVER_PORT` in the environment.
    public func environmentVariable(prefix: String) -> String {
        var name = prefix
        for part in key.split(separator: ".") {
            name += "_"
            for character in part {
                if character.isUppercase { name += "_" }
                name += character.uppercased()
            }
        }
        return name
    }

    /// Why this text is no value of the option, or nil.
    func flaw(_ text: String) -> String? {
        switch kind {
        case .text, .list: return nil
        case .word(let words): return words.contains(text) ? nil : "'\(text)' is none of \(words.joined(separator: ", "))"
        case .integer(let range):
            guard let value = Int(text) else { return "'\(text)' is no whole number" }
            return range.contains(value) ? nil : "\(value) is not between \(range.lowerBound) and \(range.upperBound)"
        case .number(let range):
            guard let value = Double(text), value.isFinite else { return "'\(text)' is no number" }
            return range.contains(value) ? nil : "\(text) is not between \(range.lowerBound) and \(range.upperBound)"
        case .boolean: return ["true", "false"].contains(text) ? nil : "'\(text)' is neither true nor false"
        }
    }

    /// The type in words, for the documentation.
    public var type: String {
        switch kind {
        case .text: "text"
        case .word(let words): words.joined(separator: " \\| ")
        case .integer(let range): range.upperBound == Int.max ? "whole number ≥ \(range.lowerBound)" : "\(range.lowerBound)…\(range.upperBound)"
        case .number(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .boolean: "true \\| false"
        case .list: "list of texts"
        }
    }
}
