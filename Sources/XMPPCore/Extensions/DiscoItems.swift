// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// What somebody has: nodes, services (XEP-0030 §4).
public struct DiscoItems: Hashable, Sendable {
    /// What is asked and answered.
    public static let payload = XMLName("query", Namespaces.discoItems)

    /// One of the things somebody has.
    public struct Item: Hashable, Sendable {
        /// Whom to ask about it.
        public var jid: JID
        /// The node to ask about.
        public var node: String?
        /// For people.
        public var name: String?

        /// An item.
        public init(jid: JID, node: String? = nil, name: String? = nil) {
            self.jid = jid
            self.node = node
            self.name = name
        }
    }

    /// The node that was asked about.
    public var node: String?
    /// What it has.
    public var items: [Item]
    /// Which page of it this is (XEP-0059).
    public var page: RSMResult?

    /// An answer.
    public init(node: String? = nil, items: [Item] = [], page: RSMResult? = nil) {
        self.node = node
        self.items = items
        self.page = page
    }

    /// Reads an answer; nil when it is none. Items without a valid address are left out.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.payload) else { return nil }
        self.init(node: element.attribute("node"))
        for child in element.children where child.isNamed(Self.item) {
            do throws(StanzaParseError) {
                guard let jid = try Stanza.address("jid", child) else { continue }
                items.append(Item(jid: jid, node: child.attribute("node"), name: child.attribute("name")))
            } catch {
                continue
            }
        }
        page = RSMResult(in: element)
    }

    /// The answer; without items, the question.
    public var element: Element {
        var element = Element(Self.payload, ["node": node])
        for item in items {
            element.append(
                Element(Self.item, ["jid": item.jid.description, "node": item.node, "name": item.name]))
        }
        if let page { element.append(page.element) }
        return element
    }

    private static let item = XMLName("item", Namespaces.discoItems)
}
