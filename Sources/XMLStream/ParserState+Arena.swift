// SPDX-License-Identifier: Apache-2.0

/// An open element of a plain stanza: where its name and its default namespace stand, and its node.
struct OpenTag: BitwiseCopyable {
    var name: UnsafePointer<UInt8>?
    var nameLength = 0
    var namespace: UnsafePointer<UInt8>?
    var namespaceLength = 0
    var node = 0
}

/// What both ways of reading a stanza leave in the arena.
extension ParserState {
    /// The element ends before the node that comes next.
    @inline(__always)
    func close(_ index: Int) {
        arena.nodes.pointer(at: index).pointee.end = UInt32(truncatingIfNeeded: arena.nodes.count)
    }

    @inline(__always)
    mutating func appendText(_ offset: Int, _ length: Int) {
        arena.nodes.append(
            Node(
                name: 0, end: UInt32(truncatingIfNeeded: arena.nodes.count &+ 1), start: UInt32(truncatingIfNeeded: offset),
                length: UInt32(truncatingIfNeeded: length)))
    }

    /// The stanza that begins with this node is complete.
    @inline(__always)
    mutating func markComplete(_ index: Int) {
        arena.stanzas.append(UInt32(truncatingIfNeeded: index))
        arena.complete = ArenaMark(
            nodes: arena.nodes.count, attributes: arena.attributes.count, bytes: arena.bytes.count)
    }
}
