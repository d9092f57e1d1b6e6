// SPDX-License-Identifier: Apache-2.0

/// An owned JSON value, for building what is sent or stored.
///
/// Equality is that of JSON: `1` and `1.0` are equal, names and strings are compared byte by byte, and members in their
/// order. Whoever builds an object sees to it that no name stands twice.
public indirect enum JSON: Sendable {
    /// Null.
    case null
    /// True or false.
    case boolean(Bool)
    /// A whole number.
    case integer(Int64)
    /// A number. Infinity and NaN have no JSON text and are written as null.
    case number(Double)
    /// A text.
    case string(String)
    /// Items in order.
    case array([JSON])
    /// Members in order.
    case object([Member])

    /// A named value of an object.
    public struct Member: Hashable, Sendable {
        /// The name.
        public var key: String
        /// The value.
        public var value: JSON

        /// Names a value.
        public init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }

        /// Compares the names byte by byte.
        public static func == (a: Member, b: Member) -> Bool {
            a.key.utf8.elementsEqual(b.key.utf8) && a.value == b.value
        }
    }

    /// An object of the members whose value is not nil.
    public static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { key, value in value.map { Member(key, $0) } })
    }

    /// The member of that name. Setting replaces it in its place or appends it; setting nil removes it. On a value that is
    /// no object, reading answers nil and setting does nothing.
    public subscript(key: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            let found = members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
            switch (found, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key, value))
            case (nil, nil): return
            }
            self = .object(members)
        }
    }

    /// The text of a string.
    public var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The exact integer of a number.
    public var int64: Int64? {
        switch self {
        case .integer(let integer): integer
        case .number(let number): Int64(exactly: number)
        default: nil
        }
    }

    /// The nearest double of a number.
    public var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }

    /// True or false.
    public var bool: Bool? { if case .boolean(let value) = self { value } else { nil } }

    /// Whether this is null.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The items of an array; empty for other kinds.
    public var items: [JSON] { if case .array(let items) = self { items } else { [] } }

    /// The members of an object; empty for other kinds.
    public var members: [Member] { if case .object(let members) = self { members } else { [] } }
}

extension JSON: Hashable {
    /// Equal as JSON values: see ``JSON``.
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): Int64(exactly: b) == a
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }

    /// Equal values hash equally: whole doubles hash as integers.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value):
            if let integer = Int64(exactly: value) { hasher.combine(integer) } else { hasher.combine(value) }
        case .string(let text): hasher.combine(text)
        case .array(let items): hasher.combine(items)
        case .object(let members): hasher.combine(members)
        }
    }
}
