// SPDX-License-Identifier: Apache-2.0

/// Appends JSON text to a byte buffer.
///
/// What it writes can stand inside XML and JavaScript as well: control characters, U+FFFE, U+FFFF, U+2028, U+2029 and
/// the `>` of `]]>` are escaped, and nothing is written that XML 1.0 forbids. Whoever calls it sees to the structure;
/// commas are set by the writer.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.name("seq"); writer.integer(7)
/// writer.endObject()
/// writer.bytes  // {"seq":7}
/// ```
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Makes an empty writer.
    public init() {}

    /// Makes an empty writer with room for so many bytes.
    public init(capacity: Int) { bytes.reserveCapacity(max(capacity, 0)) }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes an object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes an array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The name of the next member.
    public mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Null.
    public mutating func null() { word("null") }

    /// True or false.
    public mutating func boolean(_ value: Bool) { word(value ? "true" : "false") }

    /// A whole number.
    public mutating func integer(_ value: Int64) {
        separate()
        appendDecimal(value)
    }

    /// The shortest text that gives the same double again; whole numbers below 2^53 without a fraction; null for infinity
    /// and NaN, which JSON does not have.
    public mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        if value.magnitude < 9_007_199_254_740_992, value.rounded(.towardZero) == value,
            !(value == 0 && value.sign == .minus)
        {
            appendDecimal(Int64(value))
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }

    /// A text.
    public mutating func string(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { appendQuoted($0) }
    }

    /// A text given as UTF-8 bytes that are known to be valid.
    public mutating func string(bytes text: UnsafeBufferPointer<UInt8>) {
        separate()
        appendQuoted(text)
    }

    /// A value as it stands in its document, byte for byte.
    public mutating func raw(_ value: JSONValue) {
        separate()
        value.withRawBytes { bytes.append(contentsOf: $0) }
    }

    /// An owned value and all in it.
    public mutating func value(_ json: JSON) {
        switch json {
        case .null: null()
        case .boolean(let value): boolean(value)
        case .integer(let value): integer(value)
        case .number(let value): number(value)
        case .string(let text): string(text)
        case .array(let items):
            beginArray()
            for item in items { value(item) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                name(member.key)
                value(member.value)
            }
            endObject()
        }
    }

    /// Forgets what was written.
    public mutating func removeAll(keepingCapacity: Bool = true) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func word(_ word: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func appendDecimal(_ value: Int64) {
        if (0..<10).contains(value) {
            bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }

    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        JSONEscapes.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}
