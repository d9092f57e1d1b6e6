// SPDX-License-Identifier: Apache-2.0

extension ParserState {
    /// Makes the stanza that is under way a complete one that holds nothing but the reason of its refusal.
    /// If its start tag was not seen, nothing is left of it.
    mutating func keepHead(_ reason: XMLStreamError) {
        let hasHead = depth > 1 && arena.nodes.count > arena.complete.nodes
        error = nil
        depth = 1
        textIsOpen = false
        lastElement = 0
        let mark = arena.complete
        arena.nodes.shrink(to: hasHead ? mark.nodes &+ 1 : mark.nodes)
        guard hasHead else {
            arena.attributes.shrink(to: mark.attributes)
            arena.bytes.shrink(to: mark.bytes)
            return
        }
        let head = arena.nodes.pointer(at: mark.nodes)
        let attributesEnd = Int(head.pointee.start) &+ Int(head.pointee.length)
        arena.attributes.shrink(to: attributesEnd)
        let lastAttribute = head.pointee.length > 0 ? arena.attributes[attributesEnd &- 1] : nil
        arena.bytes.shrink(to: lastAttribute.map { Int($0.start) &+ Int($0.length) } ?? mark.bytes)
        head.pointee.end = UInt32(truncatingIfNeeded: mark.nodes &+ 2)
        appendRefusal("\(reason)", end: head.pointee.end)
        arena.stanzas.append(UInt32(truncatingIfNeeded: mark.nodes))
        arena.complete = ArenaMark(
            nodes: arena.nodes.count, attributes: arena.attributes.count, bytes: arena.bytes.count)
    }

    private mutating func appendRefusal(_ reason: String, end: UInt32) {
        let key = "\(ReservedNamespace.refused)\u{1}refused"
        let name = key.withCString { arena.names.element($0, after: 0) }
        let attribute = "reason".withCString { arena.names.attribute($0, after: name) }
        arena.nodes.append(
            Node(name: name, end: end, start: UInt32(truncatingIfNeeded: arena.attributes.count), length: 1))
        let start = arena.bytes.count
        for byte in reason.utf8 { arena.bytes.append(byte) }
        arena.attributes.append(
            AttributeRecord(
                name: attribute, start: UInt32(truncatingIfNeeded: start),
                length: UInt32(truncatingIfNeeded: arena.bytes.count &- start)))
    }
}
