// SPDX-License-Identifier: Apache-2.0

/// The three kinds of stanza (RFC 6120 §4.1).
public enum StanzaKind: String, Hashable, Sendable, CaseIterable {
    /// A request or its answer.
    case iq
    /// Pushed, not answered.
    case message
    /// Availability and its subscription.
    case presence
}

/// What an IQ may ask for (RFC 6120 §8.2.3). The two answers, `result` and `error`, are not asked.
public enum IQType: String, Hashable, Sendable, CaseIterable {
    /// Asks for something and changes nothing.
    case get
    /// Changes something.
    case set
}

/// How a stanza travels.
public enum StanzaEncoding: Hashable, Sendable {
    /// As itself.
    case xml
    /// As text in a JSON object in an IQ of ours (XEP-0295 in a XEP-0335 container, ``JSONStanza``).
    case json
}

/// Why an element is not a stanza we can handle. Nothing can be answered to it.
public enum StanzaParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not iq, message or presence in a content namespace.
    case notAStanza
    /// `from` or `to` is not an address.
    case malformedAddress(attribute: String, JIDError)

    /// A sentence for logs.
    public var description: String {
        switch self {
        case .notAStanza: "the element is not a stanza"
        case .malformedAddress(let attribute, let error): "'\(attribute)' is not an address: \(error)"
        }
    }
}
