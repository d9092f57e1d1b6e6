// SPDX-License-Identifier: Apache-2.0

/// The name of a member: a view, so that walking an object makes no strings.
public struct JSONName: Sendable {
    let tape: JSONTape
    let index: Int

    /// The name, escapes resolved.
    public var text: String { tape.text(index) }

    /// Whether the name is exactly this one, compared byte by byte.
    public func says(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { tape.says(index, $0) }
    }
}

extension JSONValue {
    /// Calls `body` for each member in the order of the text; not at all if this is no object.
    public func forEachMember<E: Error>(_ body: (JSONName, JSONValue) throws(E) -> Void) throws(E) {
        guard node.kind == Node.object else { return }
        var name = index &+ 1
        for _ in 0..<node.count {
            try body(JSONName(tape: tape, index: name), JSONValue(tape: tape, index: name &+ 1))
            name = Int(tape.nodes[name &+ 1].next)
        }
    }

    /// Calls `body` for each item in the order of the text; not at all if this is no array.
    public func forEachItem<E: Error>(_ body: (JSONValue) throws(E) -> Void) throws(E) {
        guard node.kind == Node.array else { return }
        var item = index &+ 1
        for _ in 0..<node.count {
            try body(JSONValue(tape: tape, index: item))
            item = Int(tape.nodes[item].next)
        }
    }

    /// An owned copy. Whole numbers of 64 bits become ``JSON/integer(_:)``, all others ``JSON/number(_:)``; so do whole
    /// ones beyond 2^53 that are written with a fraction or an exponent, which come from doubles.
    ///
    /// The depth of a document is limited (``JSONLimits/deepest``), so walking it on the call stack is safe.
    public var json: JSON {
        switch kind {
        case .null: return .null
        case .boolean: return .boolean(node.kind == Node.yes)
        case .string: return .string(tape.text(index))
        case .number:
            let source = tape.source(index)
            let isPlain = !source.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
            let isMinusZero = source.first == UInt8(ascii: "-") && int64 == 0
            if let integer = int64, !isMinusZero, isPlain || integer.magnitude < 1 << 53 { return .integer(integer) }
            return .number(JSONNumber.double(tape.source(index)))
        case .array:
            return .array(items.map(\.json))
        case .object:
            return .object(members.map { JSON.Member($0.key, $0.value.json) })
        }
    }
}
