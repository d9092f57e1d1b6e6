// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0004: Data Forms, as a feature: options and extended answers are forms.
public struct DataForms: Feature {
    public static let specifications = [
        Specification.xep(4, "2.13.1", "without reported and item, the tables of a result"), .xep(68, "1.3"),
    ]

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.advertise(Namespaces.dataForms)
    }
}

/// A form, to be filled in or filled in (XEP-0004 §3).
public struct DataForm: Hashable, Sendable {
    /// The child of a payload that is a form.
    public static let payload = XMLName("x", Namespaces.dataForms)

    /// What a form is for.
    public enum Kind: String, Hashable, Sendable {
        /// To be filled in.
        case form
        /// Filled in.
        case submit
        /// Not to be filled in.
        case cancel
        /// Data.
        case result
    }

    /// What a form is for.
    public var kind: Kind
    /// For people.
    public var title: String?
    /// For people, one paragraph each.
    public var instructions: [String]
    /// The fields in their order.
    public var fields: [Field]

    /// A form; with a form type it begins with the hidden field of XEP-0068.
    public init(
        _ kind: Kind, formType: String? = nil, title: String? = nil, instructions: [String] = [],
        fields: [Field] = []
    ) {
        self.kind = kind
        self.title = title
        self.instructions = instructions
        self.fields = fields
        if let formType {
            let hidden = kind == .submit ? nil : Field.Kind.hidden
            self.fields.insert(Field("FORM_TYPE", hidden, values: [formType]), at: 0)
        }
    }

    /// What the fields are about (XEP-0068); nil when the form does not say.
    public var formType: String? { self["FORM_TYPE"]?.values.first }

    /// The first field of that name.
    public subscript(variable: String) -> Field? { fields.first { $0.variable == variable } }

    /// The first value of a field.
    public func value(_ variable: String) -> String? { self[variable]?.values.first }

    /// A boolean field (XEP-0004 §3.3): `true`, `1`, `false` or `0`; nil when missing or otherwise.
    public func bool(_ variable: String) -> Bool? {
        switch value(variable) {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }
}

extension DataForm {
    /// Reads a form; nil when the element is none or says nothing it may say.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.payload),
            let kind = element.attribute("type").flatMap(Kind.init(rawValue:))
        else { return nil }
        self.init(kind)
        for child in element.children {
            if child.isNamed(Self.field) {
                fields.append(Field(child))
            } else if child.isNamed(Self.name("title")) {
                title = child.text
            } else if child.isNamed(Self.name("instructions")) {
                instructions.append(child.text)
            }
        }
    }

    /// The form as an element.
    public var element: Element {
        var element = Element(Self.payload, ["type": kind.rawValue])
        if let title { element.append(Element(Self.name("title"), text: title)) }
        for line in instructions { element.append(Element(Self.name("instructions"), text: line)) }
        for field in fields { element.append(field.element) }
        return element
    }

    static let field = name("field")

    static func name(_ local: String) -> XMLName { XMLName(local, Namespaces.dataForms) }
}
