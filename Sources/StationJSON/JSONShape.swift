// SPDX-License-Identifier: Apache-2.0

/// The shape of a payload. It validates values and writes the JSON Schema (2020-12) for others, so it stands only once.
///
/// ```swift
/// let shape = JSONShape.object([
///     .init("seq", .integer(1...9_007_199_254_740_991), required: true, "The station's own count."),
///     .init("gap", .boolean, required: false, "The station gave up what lies before."),
/// ], additional: false)
/// try shape.validate(JSONDocument(text).root)
/// ```
public indirect enum JSONShape: Sendable {
    /// Any value.
    case any
    /// An object with these members.
    case object([Member], additional: AdditionalMembers)
    /// An array of so many items, each of the same shape.
    case array(JSONShape, count: ClosedRange<Int>)
    /// A string that obeys a rule.
    case string(StringRule)
    /// A whole number in a range; `1.0` is one, as in JSON Schema.
    case integer(ClosedRange<Int64>)
    /// A number in a range.
    case number(ClosedRange<Double>)
    /// True or false.
    case boolean
    /// Null.
    case null
    /// Exactly one of these matches.
    case oneOf([JSONShape])
    /// One of these object shapes, told apart by the words that each allows for the member of this name. Errors then speak
    /// of the shape that was meant.
    case choice(by: String, [JSONShape])
    /// An object of this shape with at most one of these members, such as SenML's `v`, `vs`, `vb` and `vd`.
    case exclusive(JSONShape, [String])

    /// A member of an object shape.
    public struct Member: Sendable {
        /// The name.
        public let name: String
        /// The shape of its value.
        public let shape: JSONShape
        /// Whether it must be there.
        public let isRequired: Bool
        /// A sentence for the schema: what it means, in which unit.
        public let description: String

        /// Declares a member.
        public init(_ name: String, _ shape: JSONShape, required: Bool = true, _ description: String) {
            self.name = name
            self.shape = shape
            isRequired = required
            self.description = description
        }
    }

    /// What becomes of members that an object shape does not name.
    public enum AdditionalMembers: Hashable, Sendable, ExpressibleByBooleanLiteral {
        /// They are an error.
        case refused
        /// They are taken and ignored.
        case allowed
        /// They are taken, except names ending in `_`, which a receiver must understand (RFC 8428 §4.4).
        case allowedUnlessMandatory

        /// `true` allows them, `false` refuses them.
        public init(booleanLiteral value: Bool) { self = value ? .allowed : .refused }
    }
}

/// What a string must look like.
public enum StringRule: Hashable, Sendable {
    /// So many Unicode code points.
    case length(ClosedRange<Int>)
    /// One of these words.
    case words([String])
    /// A form from the fixed list.
    case pattern(StringPattern)
}
