// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// A stanza to be sent.
///
/// `from` is set by whoever owns the address. The answers that ``Stanza`` makes have as `from` what
/// the server addressed to us.
public struct OutgoingStanza: Hashable, Sendable {
    /// IQ, message or presence.
    public var kind: StanzaKind
    /// The type; nil leaves the attribute out.
    public var type: String?
    /// The identifier; an IQ must have one.
    public var id: String?
    /// Our address.
    public var from: JID?
    /// The addressee.
    public var to: JID?
    /// The children. What belongs to the stanza itself (`error`, `body`, `status`…) is written in the
    /// namespace of the stream, whichever content namespace it names.
    public var payload: [Element]
    /// How the stanza travels. With `.json`, ``write(into:)`` wraps it.
    public var encoding: StanzaEncoding
    /// The IQ that is to carry a stanza of encoding `.json`; nil for a set with the same identifier.
    public var outer: JSONStanza.Outer?

    /// A stanza with these parts.
    public init(
        _ kind: StanzaKind, type: String? = nil, id: String? = nil, from: JID? = nil, to: JID? = nil,
        payload: [Element] = [], encoding: StanzaEncoding = .xml
    ) {
        self.kind = kind
        self.type = type
        self.id = id
        self.from = from
        self.to = to
        self.payload = payload
        self.encoding = encoding
    }

    /// An IQ of any type, answers included.
    public static func iq(
        _ type: String, id: String?, from: JID? = nil, to: JID? = nil, _ payload: Element? = nil
    ) -> OutgoingStanza {
        OutgoingStanza(.iq, type: type, id: id, from: from, to: to, payload: payload.map { [$0] } ?? [])
    }

    /// An IQ that asks.
    public static func iq(
        _ type: IQType, id: String?, from: JID? = nil, to: JID? = nil, _ payload: Element? = nil
    ) -> OutgoingStanza {
        iq(type.rawValue, id: id, from: from, to: to, payload)
    }

    /// A message; without a type it is `normal`.
    public static func message(
        type: String? = nil, id: String? = nil, from: JID? = nil, to: JID? = nil, _ payload: [Element] = []
    ) -> OutgoingStanza {
        OutgoingStanza(.message, type: type, id: id, from: from, to: to, payload: payload)
    }

    /// A presence; without a type it says available.
    public static func presence(
        type: String? = nil, id: String? = nil, from: JID? = nil, to: JID? = nil, _ payload: [Element] = []
    ) -> OutgoingStanza {
        OutgoingStanza(.presence, type: type, id: id, from: from, to: to, payload: payload)
    }

    /// Sets how the stanza travels; nil for as itself.
    mutating func travel(as outer: JSONStanza.Outer?) {
        encoding = outer == nil ? .xml : .json
        self.outer = outer
    }
}

extension OutgoingStanza {
    /// Writes the stanza if it is from an address of this domain, and says whether it is.
    public func write(from domain: String, into writer: inout XMLWriter) -> Bool {
        guard from?.domain == domain else { return false }
        write(into: &writer)
        return true
    }

    /// Writes the stanza in the default namespace of the writer, wrapped if its encoding says so.
    public func write(into writer: inout XMLWriter) {
        guard encoding == .json else { return writePlain(into: &writer) }
        JSONStanza.wrap(self, as: outer ?? .request(id: id ?? "")).writePlain(into: &writer)
    }

    /// The stanza as a tree in the namespace of client streams, wrapped if its encoding says so.
    public var element: Element {
        guard encoding == .xml else {
            return JSONStanza.wrap(self, as: outer ?? .request(id: id ?? "")).element
        }
        var element = Element(XMLName(kind.rawValue, Namespaces.client))
        element["type"] = type
        element["id"] = id
        element["from"] = from?.description
        element["to"] = to?.description
        for child in payload {
            var child = child
            if StanzaNames.belongsToStanza(child.name) {
                child.name = XMLName(child.name.local, Namespaces.client)
            }
            element.append(child)
        }
        return element
    }

    /// Writes the stanza as itself.
    func writePlain(into writer: inout XMLWriter) {
        switch kind {
        case .iq: writer.start("iq", namespace: nil)
        case .message: writer.start("message", namespace: nil)
        case .presence: writer.start("presence", namespace: nil)
        }
        if let type { writer.attribute("type", type) }
        if let id { writer.attribute("id", id) }
        if let from { writer.attribute("from", from.text) }
        if let to { writer.attribute("to", to.text) }
        for child in payload {
            if StanzaNames.belongsToStanza(child.name) {
                Self.writeOwn(child, into: &writer)
            } else {
                writer.write(child)
            }
        }
        writer.end()
    }

    /// A child in the namespace of the stream.
    private static func writeOwn(_ element: Element, into writer: inout XMLWriter) {
        writer.start(element.name.local, namespace: nil)
        for attribute in element.attributes { writer.attribute(attribute.name, attribute.value) }
        for child in element.children {
            switch child {
            case .text(let text): writer.text(text)
            case .element(let inner): writer.write(inner)
            }
        }
        writer.end()
    }
}
