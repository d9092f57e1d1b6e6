// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// A received stanza: a view of its element with the addresses parsed.
///
/// Making one allocates at most the texts of the two addresses; everything else is read from the
/// element when it is asked for.
public struct Stanza: Sendable {
    /// The stanza itself.
    public let element: XMLElement
    /// IQ, message or presence.
    public let kind: StanzaKind
    /// The type as sent. An unknown or missing type of a message is `normal` (RFC 6121 §5.2.2); of a
    /// presence and an IQ a missing type is empty.
    public let type: String
    /// The sender, as the server states it.
    public let from: JID?
    /// The addressee: the component's domain or one of its twins.
    public let to: JID?
    /// The IQ that carried this stanza (``JSONStanza``); nil when it came by itself.
    public let outer: JSONStanza.Outer?

    /// Reads a stanza that came on a component, client or server stream.
    public init(_ element: XMLElement) throws(StanzaParseError) {
        guard let kind = StanzaNames.kind(of: element) else { throw .notAStanza }
        let from = try Self.address("from", element)
        let to = try Self.address("to", element)
        self.init(element, kind, from: from, to: to, outer: nil)
    }

    /// A stanza that came inside another, which states the sender.
    init(inner element: XMLElement, _ kind: StanzaKind, from: JID?, to: JID?, outer: JSONStanza.Outer) {
        self.init(element, kind, from: from, to: to, outer: outer)
    }

    private init(_ element: XMLElement, _ kind: StanzaKind, from: JID?, to: JID?, outer: JSONStanza.Outer?) {
        self.element = element
        self.kind = kind
        self.from = from
        self.to = to
        self.outer = outer
        let type = element.attribute("type") ?? ""
        self.type = kind == .message && !StanzaNames.messageTypes.contains(type) ? "normal" : type
    }

    /// An address attribute, or nil when it is missing.
    static func address(
        _ attribute: StaticString, _ element: XMLElement
    ) throws(StanzaParseError) -> JID? {
        let result = element.withAttribute(attribute) { bytes -> Result<JID, JIDError> in
            do throws(JIDError) {
                return .success(try JID(utf8: bytes))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case nil: return nil
        case .success(let jid): return jid
        case .failure(let error): throw .malformedAddress(attribute: "\(attribute)", error)
        }
    }
}

extension Stanza {
    /// How the stanza travelled; its answer goes the same way.
    public var encoding: StanzaEncoding { outer == nil ? .xml : .json }

    /// The identifier, which an answer repeats.
    public var id: String? { element.attribute("id") }

    /// What an IQ asks; nil for an answer and for other kinds.
    public var request: IQType? { kind == .iq ? IQType(rawValue: type) : nil }

    /// Whether this is the answer to an IQ.
    public var isAnswer: Bool { kind == .iq && (type == "result" || type == "error") }

    /// Whether this reports an error; such a stanza is never answered (RFC 6120 §8.3.1).
    public var isError: Bool { type == "error" }

    /// The first child element that is not `<error/>`.
    public var payload: XMLElement? {
        for child in element.children where !StanzaNames.isError(child) { return child }
        return nil
    }

    /// Whether the content passed a limit of the stream and was left out (`XMLLimits.skipsStanzas`).
    public var wasRefused: Bool { element.firstChild?.isNamed(XMLStreamParser.refused) ?? false }

    /// The error that a stanza of type `error` reports.
    public var error: StanzaError? {
        for child in element.children where StanzaNames.isError(child) { return StanzaError(child) }
        return nil
    }

    /// The answer to an IQ get or set, from the addressee to the sender, by the same encoding.
    public func result(_ payload: Element? = nil) -> OutgoingStanza {
        var answer = OutgoingStanza.iq("result", id: id, from: to, to: from, payload)
        answer.travel(as: outer?.answering)
        return answer
    }

    /// The refusal of this stanza; nil when it is itself an answer or reports an error, which is
    /// never answered (RFC 6120 §8.3.1), so that two programs cannot go round in a loop.
    public func error(_ error: StanzaError) -> OutgoingStanza? {
        guard !isError, !isAnswer else { return nil }
        var answer = OutgoingStanza(
            kind, type: "error", id: id, from: to, to: from, payload: [error.element])
        answer.travel(as: outer?.answering)
        return answer
    }
}
