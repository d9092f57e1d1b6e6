// SPDX-License-Identifier: Apache-2.0

/// Where bytes lie in a batch; they stay there as long as somebody holds the batch.
public struct BatchBytes: BitwiseCopyable, Sendable {
    let start: UInt32
    let length: UInt32

    /// How many.
    public var count: Int { Int(length) }

    /// The first of them.
    public func prefix(_ count: Int) -> BatchBytes {
        BatchBytes(start: start, length: min(length, UInt32(clamping: max(0, count))))
    }
}

/// A stanza of the simplest form, taken apart without an object: one payload with one element in it, which holds text.
public struct StanzaParts: BitwiseCopyable, Sendable {
    /// The type; as with all attributes, empty where there is none.
    public internal(set) var type = BatchBytes(start: 0, length: 0)
    /// Its identifier.
    public internal(set) var id = BatchBytes(start: 0, length: 0)
    /// The sender.
    public internal(set) var from = BatchBytes(start: 0, length: 0)
    /// The addressee.
    public internal(set) var to = BatchBytes(start: 0, length: 0)
    /// The text in the innermost element.
    public internal(set) var text = BatchBytes(start: 0, length: 0)
}

/// The names in a stanza of the simplest form.
public struct StanzaPattern: Sendable {
    let stanza: XMLName
    let payload: XMLName
    let content: XMLName

    /// For example `iq`, `report` and `json`.
    public init(stanza: XMLName, payload: XMLName, content: XMLName) {
        self.stanza = stanza
        self.payload = payload
        self.content = content
    }
}

extension StanzaBatch {
    /// The parts of a stanza that is exactly `<stanza><payload><content>text</content></payload></stanza>`, whatever
    /// its attributes; nil for any other.
    public func parts(of index: Int, _ pattern: StanzaPattern) -> StanzaParts? {
        guard index >= 0, index < count else { return nil }
        let root = Int(storage.pointee.stanzas[index])
        let nodes = storage.pointee.nodes
        // Four nodes, each inside the one before it.
        guard Int(nodes[root].end) == root &+ 4 else { return nil }
        let text = nodes[root &+ 3]
        guard !nodes[root].isText, !nodes[root &+ 1].isText, !nodes[root &+ 2].isText, text.isText,
            Int(nodes[root &+ 1].end) == root &+ 4, Int(nodes[root &+ 2].end) == root &+ 4,
            isNamed(nodes[root].name, pattern.stanza), isNamed(nodes[root &+ 1].name, pattern.payload),
            isNamed(nodes[root &+ 2].name, pattern.content)
        else { return nil }
        var parts = StanzaParts()
        parts.text = BatchBytes(start: text.start, length: text.length)
        let first = Int(nodes[root].start)
        for number in first..<(first &+ Int(nodes[root].length)) {
            let record = storage.pointee.attributes[number]
            let value = BatchBytes(start: record.start, length: record.length)
            let name = storage.pointee.names.plain(record.name)
            switch name.count {
            case 2 where name[0] == UInt8(ascii: "i") && name[1] == UInt8(ascii: "d"): parts.id = value
            case 2 where name[0] == UInt8(ascii: "t") && name[1] == UInt8(ascii: "o"): parts.to = value
            case 4 where equal(name, "from"): parts.from = value
            case 4 where equal(name, "type"): parts.type = value
            default: break
            }
        }
        return parts
    }

    /// The bytes themselves, valid as long as somebody holds the batch.
    @inline(__always)
    public func bytes(_ place: BatchBytes) -> UnsafeBufferPointer<UInt8> {
        storage.pointee.bytes.slice(Int(place.start), Int(place.length))
    }

    private func isNamed(_ index: UInt32, _ name: XMLName) -> Bool {
        equal(storage.pointee.names.local(index), name.local)
            && equal(storage.pointee.names.namespace(index), name.namespace)
    }
}
