// SPDX-License-Identifier: Apache-2.0

/// A view of one value of a ``JSONDocument``. Cheap to copy; it keeps its document alive.
///
/// The plain accessors answer nil (or an empty list) when the value is of another kind; those named `require…` throw.
public struct JSONValue: Sendable {
    let tape: JSONTape
    let index: Int

    /// The six kinds of RFC 8259 §3, true and false taken together.
    public enum Kind: String, Hashable, Sendable {
        /// A list of named members.
        case object
        /// A list of items.
        case array
        /// A text.
        case string
        /// A number; it always fits a finite double.
        case number
        /// True or false.
        case boolean
        /// Null.
        case null
    }

    @inline(__always) init(tape: JSONTape, index: Int) {
        self.tape = tape
        self.index = index
    }

    @inline(__always) var node: Node { tape.nodes[index] }

    /// What kind of value this is.
    public var kind: Kind {
        switch node.kind {
        case Node.object: .object
        case Node.array: .array
        case Node.string: .string
        case Node.number: .number
        case Node.null: .null
        default: .boolean
        }
    }

    /// How many items or members there are; 0 for other kinds.
    public var count: Int { node.kind <= Node.array ? node.count : 0 }

    /// The member of that name, compared byte by byte after unescaping; nil if there is none or this is no object.
    public subscript(key: String) -> JSONValue? {
        guard node.kind == Node.object else { return nil }
        var key = key
        return key.withUTF8 { wanted in
            var name = index &+ 1
            for _ in 0..<node.count {
                if tape.says(name, wanted) { return JSONValue(tape: tape, index: name &+ 1) }
                name = Int(tape.nodes[name &+ 1].next)
            }
            return nil
        }
    }

    /// The members in the order of the text; empty if this is no object.
    public var members: [(key: String, value: JSONValue)] {
        var result: [(key: String, value: JSONValue)] = []
        result.reserveCapacity(count)
        forEachMember { name, value in result.append((name.text, value)) }
        return result
    }

    /// The items in the order of the text; empty if this is no array.
    public var items: [JSONValue] {
        var result: [JSONValue] = []
        result.reserveCapacity(count)
        forEachItem { result.append($0) }
        return result
    }

    /// The text, escapes resolved.
    public var string: String? { node.kind == Node.string ? tape.text(index) : nil }

    /// The nearest double.
    public var double: Double? { node.kind == Node.number ? JSONNumber.double(tape.source(index)) : nil }

    /// The integer, if the number is exactly one of 64 bits: `1.0` and `1e2` are.
    public var int64: Int64? { node.kind == Node.number ? JSONNumber.int64(tape.source(index)) : nil }

    /// True or false.
    public var bool: Bool? {
        switch node.kind {
        case Node.yes: true
        case Node.no: false
        default: nil
        }
    }

    /// Whether this is null.
    public var isNull: Bool { node.kind == Node.null }

    /// Calls `body` with the slice of the source text that is this value, without a copy.
    public func withRawBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try body(tape.source(index))
    }

    /// Calls `body` with the UTF-8 bytes of a string, escapes resolved; copied only if there are escapes.
    ///
    /// - Returns: nil if this is no string.
    public func withStringBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
        guard node.kind == Node.string else { return nil }
        guard node.isEscaped else { return try body(tape.content(index)) }
        return try unescaped(tape.content(index)).withUnsafeBufferPointer(body)
    }

    /// Where this value stands in its document: a JSON Pointer (RFC 6901), found on demand.
    public var pointer: String {
        var pointer = ""
        var at = 0
        while at < index, let (child, step) = childOnTheWay(from: at) {
            pointer += "/" + step
            at = child
        }
        return pointer
    }

    /// The item or member value of a container that this value is or lies in, and its pointer token.
    private func childOnTheWay(from container: Int) -> (node: Int, step: String)? {
        let isObject = tape.nodes[container].kind == Node.object
        guard isObject || tape.nodes[container].kind == Node.array else { return nil }
        var child = container + 1
        for position in 0..<tape.nodes[container].count {
            let value = isObject ? child + 1 : child
            let next = Int(tape.nodes[value].next)
            if index < next { return (value, isObject ? pointerToken(tape.text(child)) : "\(position)") }
            child = next
        }
        return nil
    }
}
