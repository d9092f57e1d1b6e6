// SPDX-License-Identifier: Apache-2.0

import XMLStream

extension DataForm {
    /// A field of a form (XEP-0004 §3.2).
    public struct Field: Hashable, Sendable {
        /// What is to be put in (XEP-0004 §3.3).
        public enum Kind: String, Hashable, Sendable {
            /// Yes or no.
            case boolean
            /// A text for people, between the fields.
            case fixed
            /// For programs alone.
            case hidden
            /// Addresses, one a value.
            case jidMulti = "jid-multi"
            /// An address.
            case jidSingle = "jid-single"
            /// Some of the options.
            case listMulti = "list-multi"
            /// One of the options.
            case listSingle = "list-single"
            /// Lines of text, one a value.
            case textMulti = "text-multi"
            /// A line of text that is not shown.
            case textPrivate = "text-private"
            /// A line of text.
            case textSingle = "text-single"
        }

        /// One of the values to choose from.
        public struct Option: Hashable, Sendable {
            /// For people.
            public var label: String?
            /// The value.
            public var value: String

            /// A choice.
            public init(_ value: String, label: String? = nil) {
                self.value = value
                self.label = label
            }
        }

        /// The name for programs; only a fixed text may have none.
        public var variable: String?
        /// What is to be put in; nil where a form that is filled in does not say.
        public var kind: Kind?
        /// The name for people.
        public var label: String?
        /// What is put in; one line each for `text-multi`.
        public var values: [String]
        /// What there is to choose from.
        public var options: [Option]
        /// Whether it must be filled in.
        public var isRequired: Bool
        /// More for people.
        public var description: String?

        /// A field.
        public init(
            _ variable: String?, _ kind: Kind? = nil, label: String? = nil, values: [String] = [],
            options: [Option] = [], isRequired: Bool = false, description: String? = nil
        ) {
            self.variable = variable
            self.kind = kind
            self.label = label
            self.values = values
            self.options = options
            self.isRequired = isRequired
            self.description = description
        }
    }
}

extension DataForm.Field {
    init(_ element: XMLElement) {
        self.init(
            element.attribute("var"), element.attribute("type").flatMap(Kind.init(rawValue:)),
            label: element.attribute("label"))
        for child in element.children {
            if child.isNamed(Self.value) {
                values.append(child.text)
            } else if child.isNamed(Self.option) {
                guard let value = child.firstChild(Self.value) else { continue }
                options.append(Option(value.text, label: child.attribute("label")))
            } else if child.isNamed(Self.required) {
                isRequired = true
            } else if child.isNamed(Self.describing) {
                description = child.text
            }
        }
    }

    var element: Element {
        var element = Element(
            DataForm.field, ["type": kind?.rawValue, "var": variable, "label": label])
        if let description { element.append(Element(Self.describing, text: description)) }
        if isRequired { element.append(Element(Self.required)) }
        for value in values { element.append(Element(Self.value, text: value)) }
        for option in options {
            element.append(
                Element(
                    Self.option, ["label": option.label],
                    elements: [Element(Self.value, text: option.value)]))
        }
        return element
    }

    private static let value = DataForm.name("value")
    private static let option = DataForm.name("option")
    private static let required = DataForm.name("required")
    private static let describing = DataForm.name("desc")
}
