// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore
import XMPPTransport

/// The pings to our own domain that test the link (XEP-0199). A server hands such a request straight back to us,
/// which proves that the whole way works; it is ours to take it out again before anyone sees it.
struct LoopbackPing: Sendable {
    /// Older pings are forgotten; the link is given up long before.
    private static let remembered = 4

    private let domain: String
    private var identifiers: [String] = []

    init(domain: String) { self.domain = domain }

    /// Whether a ping is on its way.
    var isUnderWay: Bool { !identifiers.isEmpty }

    /// A new ping, ready to be sent.
    mutating func make(random: () -> UInt64) -> [UInt8] {
        let id = RequestIdentifier.make(random: random)
        identifiers.append(id)
        if identifiers.count > Self.remembered { identifiers.removeFirst() }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.write(
            Element(
                XMLName("iq", Namespaces.component),
                ["type": "get", "from": domain, "to": domain, "id": id],
                elements: [Element(XMLName("ping", Namespaces.ping))]))
        return writer.take()
    }

    /// Whether this is one of our pings come back (as request, or as the server's answer to it).
    mutating func takes(_ element: XMLElement) -> Bool {
        // jabberd2 hands everything over in the namespace of clients.
        guard isUnderWay, element.localName == "iq",
            [Namespaces.component, Namespaces.client].contains(element.namespace),
            let id = element.attribute("id"), let index = identifiers.firstIndex(of: id),
            element.attribute("from") == domain || element.attribute("from") == nil
        else { return false }
        identifiers.remove(at: index)
        return true
    }
}
