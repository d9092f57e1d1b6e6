// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The JSON text in one line; see ``JSONWriter`` for what is escaped.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The JSON text in one line; see ``JSONWriter`` for what is escaped.
    public var text: String { String(decoding: serialized(), as: UTF8.self) }

    /// The JSON text for people and for files: two spaces a level, arrays of plain values in one line, a line break at the
    /// end.
    public func prettyPrinted() -> String {
        var lines = ""
        Self.append(self, indent: "", to: &lines)
        return lines + "\n"
    }

    private static func append(_ json: JSON, indent: String, to text: inout String) {
        let inner = indent + "  "
        switch json {
        case .array(let items) where items.contains(where: { !$0.isPlain }):
            text += "["
            for (position, item) in items.enumerated() {
                text += position == 0 ? "\n\(inner)" : ",\n\(inner)"
                append(item, indent: inner, to: &text)
            }
            text += "\n\(indent)]"
        case .array(let items):
            text += "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .object(let members) where !members.isEmpty:
            text += "{"
            for (position, member) in members.enumerated() {
                text += position == 0 ? "\n\(inner)" : ",\n\(inner)"
                text += JSON.string(member.key).text + ": "
                append(member.value, indent: inner, to: &text)
            }
            text += "\n\(indent)}"
        default:
            text += json.text
        }
    }

    private var isPlain: Bool {
        switch self {
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        default: true
        }
    }
}
