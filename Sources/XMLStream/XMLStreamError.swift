// SPDX-License-Identifier: Apache-2.0

/// Why bytes were refused as an XML stream. The parser is of no use afterwards, until `reset()`.
public enum XMLStreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Features that RFC 6120 §11.1 forbids in a stream, although XML has them.
    public enum Restriction: String, Hashable, Sendable, CustomStringConvertible {
        /// `<!DOCTYPE …>`: nothing is declared, so no entity can be made to explode.
        case documentType = "document type declaration"
        /// `<?…?>`
        case processingInstruction = "processing instruction"
        /// `<!-- … -->`
        case comment = "comment"
        /// `&name;` beside the five that XML predefines.
        case entityReference = "entity reference"

        /// The words for people.
        public var description: String { rawValue }
    }

    /// Which of the `XMLLimits` was passed.
    public enum Limit: String, Hashable, Sendable, CustomStringConvertible {
        /// `XMLLimits.stanzaBytes`
        case stanzaBytes = "bytes of a stanza"
        /// `XMLLimits.tokenBytes`
        case tokenBytes = "bytes of a tag"
        /// `XMLLimits.depth`
        case depth = "depth of elements"
        /// `XMLLimits.attributes`
        case attributes = "attributes of an element"
        /// `XMLLimits.namespaceDeclarations`
        case namespaceDeclarations = "namespace declarations of an element"
        /// `XMLLimits.namespaceBytes`
        case namespaceBytes = "bytes of a namespace name"
        /// `XMLLimits.skippedBytes`
        case skippedBytes = "bytes of a refused stanza"

        /// The words for people.
        public var description: String { rawValue }
    }

    /// Not XML, or not a stream of stanzas; with what was wrong.
    case notWellFormed(String)
    /// XML that a stream must not hold: the stream error `restricted-xml`.
    case restricted(Restriction)
    /// A limit was passed: the stream error `policy-violation`.
    case tooLarge(Limit)
    /// Another encoding than UTF-8 was declared: the stream error `unsupported-encoding`. Holds the declared name, cut short.
    case unsupportedEncoding(String)
    /// The machine has no memory left for the parser.
    case outOfMemory

    /// A sentence for the log.
    public var description: String {
        switch self {
        case .notWellFormed(let detail): "not well-formed: \(detail)"
        case .restricted(let what): "a stream must not hold a \(what)"
        case .tooLarge(let limit): "too many \(limit)"
        case .unsupportedEncoding(let name): "the encoding \(name) is not UTF-8"
        case .outOfMemory: "out of memory"
        }
    }

    /// Whether it says something about the stanza alone, and the stream is as well-formed as before.
    var isOfOneStanza: Bool {
        if case .tooLarge = self { true } else { false }
    }
}
