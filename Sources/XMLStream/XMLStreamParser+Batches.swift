// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

extension XMLStreamParser {
    /// Reports the header and the complete stanzas that there are.
    func collect(_ state: UnsafeMutablePointer<ParserState>, _ events: inout [Event]) {
        if let header = state.pointee.header {
            state.pointee.header = nil
            events.append(.opened(header))
        }
        guard state.pointee.arena.stanzas.count > 0 else { return }
        let batch = spareBatch()
        var next = batch.storage.pointee
        batch.storage.pointee = Arena()
        next.prepare()
        state.pointee.arena.moveTail(to: &next)
        next.names.learned = 0
        // Open elements are all of the stanza that moved.
        let shift = UInt32(truncatingIfNeeded: state.pointee.arena.nodes.count)
        for depth in 1..<max(1, state.pointee.depth) { state.pointee.open[depth] &-= shift }
        state.pointee.lastElement = 0
        batch.storage.pointee = state.pointee.arena
        state.pointee.arena = next
        events.append(.stanzas(batch))
    }

    /// A batch that nobody else holds, used again if there is one.
    private func spareBatch() -> StanzaBatch {
        for index in batches.indices where isKnownUniquelyReferenced(&batches[index]) { return batches[index] }
        let batch = StanzaBatch()
        if batches.count >= Self.keptBatches { batches.removeFirst() }
        batches.append(batch)
        return batch
    }

    /// Makes expat forget all names, and leads it back to where it was: inside the root, between two stanzas.
    func renewExpat(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) throws(XMLStreamError) {
        resets &+= 1
        if replay.isEmpty { replay = Self.header(state.pointee.rootTag, state.pointee.rootDeclarations) }
        state.pointee.forgetParse()
        restartExpat(expat, state)
        state.pointee.isReplaying = true
        let status = replay.withUnsafeBytes {
            XML_Parse(expat, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count), 0)
        }
        state.pointee.isReplaying = false
        if let error = state.pointee.error { throw error }
        guard status == XML_STATUS_OK, state.pointee.depth == 1 else { throw expatError(expat) }
        fed = replay.count
    }

    func restartExpat(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) {
        _ = XML_ParserReset(expat, "UTF-8")
        prepareExpat(expat, state)
        fed = 0
        pending = 0
        held = []
        rescanned = 0
    }

    private static func header(_ tag: String, _ declarations: [NamespaceDeclaration]) -> [UInt8] {
        var escaper = XMLEscaper()
        var bytes: [UInt8] = Array("<\(tag)".utf8)
        for declaration in declarations {
            bytes += Array((declaration.prefix.isEmpty ? " xmlns='" : " xmlns:\(declaration.prefix)='").utf8)
            escaper.append(declaration.uri, to: &bytes, as: .attribute)
            bytes.append(UInt8(ascii: "'"))
        }
        bytes.append(UInt8(ascii: ">"))
        return bytes
    }
}
