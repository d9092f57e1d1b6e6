// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// An error that ends a stream (RFC 6120 §4.9).
public struct StreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The defined conditions (RFC 6120 §4.9.3).
    public enum Condition: String, Hashable, Sendable, CaseIterable {
        /// XML that cannot be processed.
        case badFormat = "bad-format"
        /// A prefix is missing or not allowed.
        case badNamespacePrefix = "bad-namespace-prefix"
        /// Another stream took the place of this one.
        case conflict
        /// The other side was silent for too long.
        case connectionTimeout = "connection-timeout"
        /// The host is no longer served here.
        case hostGone = "host-gone"
        /// The host is not served here.
        case hostUnknown = "host-unknown"
        /// `from` or `to` is missing or is no address.
        case improperAddressing = "improper-addressing"
        /// A fault of the server.
        case internalServerError = "internal-server-error"
        /// A `from` that this stream may not use. The server closes a component stream for one.
        case invalidFrom = "invalid-from"
        /// The namespace of the stream or its stanzas is another one.
        case invalidNamespace = "invalid-namespace"
        /// XML that is not valid.
        case invalidXML = "invalid-xml"
        /// The credentials are wrong or missing.
        case notAuthorized = "not-authorized"
        /// Not XML, or a character that XML 1.0 forbids.
        case notWellFormed = "not-well-formed"
        /// Too large or too much.
        case policyViolation = "policy-violation"
        /// The server cannot reach what it needs.
        case remoteConnectionFailed = "remote-connection-failed"
        /// The stream must be opened anew.
        case reset
        /// The server has no room.
        case resourceConstraint = "resource-constraint"
        /// A comment, processing instruction, DOCTYPE or entity.
        case restrictedXML = "restricted-xml"
        /// Connect to another host.
        case seeOtherHost = "see-other-host"
        /// The server stops.
        case systemShutdown = "system-shutdown"
        /// None of the others.
        case undefinedCondition = "undefined-condition"
        /// Not UTF-8.
        case unsupportedEncoding = "unsupported-encoding"
        /// A stream feature that must be there is not.
        case unsupportedFeature = "unsupported-feature"
        /// A stanza of a kind nobody knows.
        case unsupportedStanzaType = "unsupported-stanza-type"
        /// A version of XMPP nobody speaks.
        case unsupportedVersion = "unsupported-version"

        /// Whether it finds fault with something that was read, or may do so: the rest is about hosts, time, room and
        /// credentials. A server that stumbles over a stanza may have no better word than `internal-server-error`.
        public var isAboutContent: Bool {
            switch self {
            case .badFormat, .badNamespacePrefix, .improperAddressing, .internalServerError, .invalidFrom,
                .invalidNamespace, .invalidXML, .notWellFormed, .policyViolation, .restrictedXML, .undefinedCondition,
                .unsupportedEncoding, .unsupportedStanzaType:
                true
            case .conflict, .connectionTimeout, .hostGone, .hostUnknown, .notAuthorized, .remoteConnectionFailed,
                .reset, .resourceConstraint, .seeOtherHost, .systemShutdown, .unsupportedFeature, .unsupportedVersion:
                false
            }
        }
    }

    /// What went wrong, for programs.
    public var condition: Condition
    /// What went wrong, for people; empty when nothing is said.
    public var text: String

    /// An error with a sentence.
    public init(_ condition: Condition, _ text: String = "") {
        self.condition = condition
        self.text = text
    }

    /// The condition, and the sentence if there is one.
    public var description: String { text.isEmpty ? condition.rawValue : "\(condition.rawValue): \(text)" }
}

extension StreamError {
    private static let name = XMLName("error", Namespaces.streams)
    private static let textName = XMLName("text", Namespaces.streamErrors)

    /// The `<stream:error/>` that is sent before the stream is closed.
    public var element: Element {
        var element = Element(Self.name)
        element.append(Element(XMLName(condition.rawValue, Namespaces.streamErrors)))
        if !text.isEmpty { element.append(Element(Self.textName, text: text)) }
        return element
    }

    /// Reads a `<stream:error/>`; nil when the element is not one. An unknown condition is
    /// `undefined-condition`: the stream ends all the same.
    public init?(_ element: Element) {
        guard element.name == Self.name else { return nil }
        var condition: Condition?
        for child in element.elements where child.name.namespace == Namespaces.streamErrors {
            condition = condition ?? Condition(rawValue: child.name.local)
        }
        self.init(condition ?? .undefinedCondition, element.firstChild(Self.textName)?.text ?? "")
    }

    /// Reads a received `<stream:error/>`; nil when the element is not one.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.name) else { return nil }
        self.init(element.element)
    }
}
