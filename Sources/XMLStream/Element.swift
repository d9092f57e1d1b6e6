// SPDX-License-Identifier: Apache-2.0

/// An owned tree of XML, for building what we send and for paths where speed is of no matter.
public struct Element: Hashable, Sendable {
    /// What stands inside an element.
    public enum Child: Hashable, Sendable {
        /// An element.
        case element(Element)
        /// Character data, unescaped.
        case text(String)
    }

    /// A name and a value. The order of attributes means nothing in XML, but is kept.
    public struct Attribute: Hashable, Sendable {
        /// The name without a prefix, or one of the `xml:` names, such as `xml:lang`.
        public var name: String
        /// The namespace; empty for nearly all attributes, and for the `xml:` names.
        public var namespace: String
        /// The value, unescaped.
        public var value: String

        /// Makes an attribute.
        public init(name: String, namespace: String = "", value: String) {
            self.name = name
            self.namespace = namespace
            self.value = value
        }
    }

    /// The name.
    public var name: XMLName
    /// The attributes, each name at most once: the writer leaves out a second one.
    public var attributes: [Attribute]
    /// What stands inside, in order.
    public var children: [Child]

    /// Makes an element. Attributes whose value is nil are left out.
    public init(_ name: XMLName, _ attributes: KeyValuePairs<String, String?> = [:], _ children: [Child] = []) {
        self.name = name
        self.children = children
        self.attributes = attributes.compactMap { key, value in value.map { Attribute(name: key, value: $0) } }
    }

    /// Makes an element that holds text.
    public init(_ name: XMLName, _ attributes: KeyValuePairs<String, String?> = [:], text: String) {
        self.init(name, attributes, text.isEmpty ? [] : [.text(text)])
    }

    /// Makes an element that holds elements.
    public init(_ name: XMLName, _ attributes: KeyValuePairs<String, String?> = [:], elements: [Element]) {
        self.init(name, attributes, elements.map(Child.element))
    }

    /// The value of an attribute without namespace. Setting nil takes it away.
    public subscript(attribute: String) -> String? {
        get { attributes.first { $0.name == attribute && $0.namespace.isEmpty }?.value }
        set {
            let index = attributes.firstIndex { $0.name == attribute && $0.namespace.isEmpty }
            switch (index, newValue) {
            case (let index?, let value?): attributes[index].value = value
            case (let index?, nil): attributes.remove(at: index)
            case (nil, let value?): attributes.append(Attribute(name: attribute, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The first child with this name.
    public func firstChild(_ name: XMLName) -> Element? { elements.first { $0.name == name } }

    /// The element children, in order.
    public var elements: [Element] {
        children.compactMap {
            if case .element(let element) = $0 { element } else { nil }
        }
    }

    /// The character data directly inside, concatenated.
    public var text: String {
        children.reduce(into: "") { text, child in
            if case .text(let part) = child { text += part }
        }
    }

    /// Adds a child element at the end.
    public mutating func append(_ child: Element) { children.append(.element(child)) }

    /// Adds character data at the end.
    public mutating func append(text: String) { children.append(.text(text)) }
}

extension Element: CustomStringConvertible {
    /// The element as XML text.
    public var description: String {
        var writer = XMLWriter()
        writer.write(self)
        return String(decoding: writer.take(), as: UTF8.self)
    }
}
