// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// Who somebody is and what they can do (XEP-0030 §3).
public struct DiscoInfo: Hashable, Sendable {
    /// What is asked and answered.
    public static let payload = XMLName("query", Namespaces.discoInfo)

    /// What somebody is, in the words of the registry of disco identities.
    public struct Identity: Hashable, Sendable {
        /// Such as `component` or `pubsub`.
        public var category: String
        /// Such as `generic` or `service`.
        public var type: String
        /// For people.
        public var name: String?

        /// An identity.
        public init(category: String, type: String, name: String? = nil) {
            self.category = category
            self.type = type
            self.name = name
        }
    }

    /// The node that was asked about.
    public var node: String?
    /// Who it is; an answer has at least one.
    public var identities: [Identity]
    /// What it can do; each stands once.
    public var features: [String]
    /// More about it (XEP-0128).
    public var forms: [DataForm]

    /// An answer.
    public init(
        node: String? = nil, identities: [Identity] = [], features: [String] = [], forms: [DataForm] = []
    ) {
        self.node = node
        self.identities = identities
        self.features = features
        self.forms = forms
    }

    /// Reads an answer; nil when it is none. Malformed parts are left out.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.payload) else { return nil }
        self.init(node: element.attribute("node"))
        for child in element.children {
            if child.isNamed(Self.identity) {
                guard let category = child.attribute("category"), let type = child.attribute("type")
                else { continue }
                identities.append(Identity(category: category, type: type, name: child.attribute("name")))
            } else if child.isNamed(Self.feature) {
                if let name = child.attribute("var") { features.append(name) }
            } else if child.isNamed(DataForm.payload), let form = DataForm(child) {
                forms.append(form)
            }
        }
    }

    /// The answer; without identities and features, the question.
    public var element: Element {
        var element = Element(Self.payload, ["node": node])
        for identity in identities {
            element.append(
                Element(
                    Self.identity,
                    ["category": identity.category, "type": identity.type, "name": identity.name]))
        }
        for feature in features { element.append(Element(Self.feature, ["var": feature])) }
        for form in forms { element.append(form.element) }
        return element
    }

    private static let identity = XMLName("identity", Namespaces.discoInfo)
    private static let feature = XMLName("feature", Namespaces.discoInfo)
}
