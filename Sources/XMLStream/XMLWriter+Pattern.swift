// SPDX-License-Identifier: Apache-2.0

/// Prepared XML with holes, for what is written by the hundred thousand and differs in a few values.
///
/// ```swift
/// var writer = XMLWriter(defaultNamespace: "jabber:client")
/// writer.start("iq"); writer.attribute("type", "result"); writer.attribute("id", "{id}"); writer.end()
/// let result = PreparedPattern(writer.finish(), holes: ["{id}"])
/// ```
public struct PreparedPattern: Sendable {
    /// What stands before each hole, and after the last one.
    let pieces: [[UInt8]]
    /// For each hole, whether it is in an attribute's value.
    let places: [XMLEscaper.Place]
    let defaultNamespace: String
    let needsDefaultNamespace: Bool

    /// Makes holes of these texts, each of which stands in the XML once, in this order; nil if one does not.
    public init?(_ xml: PreparedXML, holes: [String]) {
        defaultNamespace = xml.defaultNamespace
        needsDefaultNamespace = xml.needsDefaultNamespace
        var pieces: [[UInt8]] = []
        var places: [XMLEscaper.Place] = []
        var rest = xml.bytes[...]
        for hole in holes {
            let mark = Array(hole.utf8)
            guard !mark.isEmpty,
                let start = rest.indices.first(where: { rest[$0...].starts(with: mark) })
            else { return nil }
            let before = xml.bytes[..<start]
            let isInTag = before.lastIndex(of: UInt8(ascii: "<")) ?? -1 > before.lastIndex(of: UInt8(ascii: ">")) ?? -1
            places.append(isInTag ? .attribute : .text)
            pieces.append(Array(rest[..<start]))
            rest = rest[(start + mark.count)...]
        }
        pieces.append(Array(rest))
        self.pieces = pieces
        self.places = places
    }
}

extension XMLWriter {
    /// Copies a pattern at the top and fills its holes, escaped, in their order; values that are left over are left out.
    /// Writes nothing and says false inside an element, or where the pattern would mean something else.
    @discardableResult
    public mutating func raw(
        _ pattern: PreparedPattern, _ first: UnsafeBufferPointer<UInt8>,
        _ second: UnsafeBufferPointer<UInt8> = .none, _ third: UnsafeBufferPointer<UInt8> = .none,
        _ fourth: UnsafeBufferPointer<UInt8> = .none
    ) -> Bool {
        guard stack.isEmpty, !pattern.needsDefaultNamespace || pattern.defaultNamespace == defaultNamespace else {
            return false
        }
        if pattern.needsDefaultNamespace { leansOnDefault = true }
        let last = pattern.places.count
        var hole = 0
        while hole < last {
            bytes.append(contentsOf: pattern.pieces[hole])
            let value = hole == 0 ? first : hole == 1 ? second : hole == 2 ? third : hole == 3 ? fourth : .none
            escaper.append(value, to: &bytes, as: pattern.places[hole])
            hole &+= 1
        }
        bytes.append(contentsOf: pattern.pieces[last])
        return true
    }

    /// Copies one prepared element around what another writer has written, which stays as it is. Writes nothing and says
    /// false where one of them would mean something else, or while elements are open.
    @discardableResult
    public mutating func raw(_ head: PreparedHead, contentOf other: borrowing XMLWriter) -> Bool {
        let envelope = head.envelope
        guard stack.isEmpty, other.stack.isEmpty,
            !envelope.needsDefaultNamespace || envelope.outerNamespace == defaultNamespace,
            !other.leansOnDefault || other.defaultNamespace == envelope.innerNamespace
        else { return false }
        if envelope.needsDefaultNamespace { leansOnDefault = true }
        bytes.append(contentsOf: envelope.startTag)
        bytes.append(contentsOf: other.bytes)
        bytes.append(contentsOf: envelope.endTag)
        return true
    }

    /// Copies what another writer has written, which stays as it is; the same rules.
    @discardableResult
    public mutating func raw(contentOf other: borrowing XMLWriter) -> Bool {
        guard other.stack.isEmpty else { return false }
        let scope = stack.last?.namespace ?? defaultNamespace
        guard !other.leansOnDefault || other.defaultNamespace == scope else { return false }
        closeTag()
        bytes.append(contentsOf: other.bytes)
        return true
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// No bytes.
    public static var none: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: nil, count: 0) }
}
