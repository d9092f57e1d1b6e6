// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream

/// XEP-0295: JSON Encodings for XMPP, inside a container, through a server that knows nothing of it.
///
/// A whole stanza travels as `{"s":"<iq …>…</iq>"}` in `<stanza xmlns='urn:stationmaster:1'>` of an
/// outer IQ, and is handled as if it had come by itself, with the sender that the server states for
/// the outer one. Only IQs travel so: a request in an outer set, its answer in an outer result.
public struct JSONStanza: Feature {
    public static let specifications = [
        Specification.xep(295, "1.0", "a whole stanza in a XEP-0335 container in an IQ; IQs alone")
    ]
    /// The payload of the outer IQ.
    public static let name = XMLName("stanza", Namespaces.stationmaster)

    /// The IQ around a stanza.
    public enum Outer: Hashable, Sendable {
        /// A set with this identifier: the inner stanza asks.
        case request(id: String)
        /// A result with this identifier: the inner stanza answers.
        case answer(id: String)

        /// The identifier of the outer IQ.
        public var id: String {
            switch self {
            case .request(let id), .answer(let id): id
            }
        }

        /// What an answer to the inner stanza travels in.
        var answering: Outer { .answer(id: id) }
    }

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.decide(.set, Self.name) { stanza, _ throws(StanzaError) in .inner(try Self.unwrap(stanza)) }
    }
}

extension JSONStanza {
    /// Puts a stanza inside an IQ between the same two: into a set when it asks, into a result when
    /// it answers a stanza that came so.
    public static func wrap(_ inner: OutgoingStanza, as outer: Outer) -> OutgoingStanza {
        var plain = inner
        plain.travel(as: nil)
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        plain.writePlain(into: &writer)
        let json: JSON = ["s": .string(String(decoding: writer.take(), as: UTF8.self))]
        let payload = Element(name, elements: [JSONContainer.element(json)])
        switch outer {
        case .request(let id): return .iq(.set, id: id, from: inner.from, to: inner.to, payload)
        case .answer(let id): return .iq("result", id: id, from: inner.from, to: inner.to, payload)
        }
    }

    /// Takes the inner IQ out of an outer one: a request out of a set, an answer out of a result.
    ///
    /// The inner `from` may be left out or must equal the outer one; the inner `to` may be left out
    /// or must have the same domain.
    ///
    /// - Throws: `bad-request` for everything that is not exactly so.
    public static func unwrap(_ outer: Stanza) throws(StanzaError) -> Stanza {
        guard outer.kind == .iq, outer.outer == nil, let payload = outer.payload, payload.isNamed(name),
            let outerID = outer.id
        else { throw StanzaError(.badRequest, "a stanza in a stanza in a stanza") }
        let element = try parse(payload, in: outer.element.namespace)
        guard StanzaNames.kind(of: element) == .iq else {
            throw StanzaError(.badRequest, "the inner stanza is not an IQ")
        }
        let from: JID?
        let to: JID?
        do throws(StanzaParseError) {
            from = try Stanza.address("from", element)
            to = try Stanza.address("to", element)
        } catch {
            throw StanzaError(.badRequest, "the inner stanza: \(error)")
        }
        guard from == nil || from == outer.from else {
            throw StanzaError(.badRequest, "the inner stanza has another sender")
        }
        if let to {
            guard let outerTo = outer.to, to.hasSameDomain(as: outerTo) else {
                throw StanzaError(.badRequest, "the inner stanza is for another domain")
            }
        }
        let asks = outer.request != nil
        let inner = Stanza(
            inner: element, .iq, from: outer.from, to: to ?? outer.to,
            outer: asks ? .request(id: outerID) : .answer(id: outerID))
        guard inner.isAnswer != asks else {
            throw StanzaError(.badRequest, "a request travels in a set, its answer in a result")
        }
        guard !element.children.contains(where: { $0.isNamed(name) }) else {
            throw StanzaError(.badRequest, "a stanza in a stanza in a stanza")
        }
        return inner
    }

    /// The inner element: the one member `s` of the one container, parsed in the namespace of the
    /// stream that the outer one came on.
    private static func parse(_ payload: XMLElement, in namespace: String) throws(StanzaError) -> XMLElement {
        let root = try JSONContainer.json(in: payload).root
        guard root.members.count == 1, let text = root["s"]?.string else {
            throw StanzaError(.badRequest, "the JSON text is an object with the one member s, a string")
        }
        do throws(XMLStreamError) {
            return try parseFragment(Array(text.utf8), defaultNamespace: namespace, limits: XMLLimits())
        } catch {
            throw StanzaError(.badRequest, "the inner stanza: \(error)")
        }
    }
}
