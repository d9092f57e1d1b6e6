// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

extension XMLStreamParser {
    /// Follows the tags, a piece at a time, and gives expat what is complete. What is not is kept for the next call.
    func take(
        _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>,
        _ events: inout [Event]
    ) throws(XMLStreamError) {
        var rest = bytes
        while !rest.isEmpty {
            if framer.place == .ended { return try takeTrailer(rest) }
            // expat may still wait for the rest of a character, which makes what it has seen no stanza.
            if framer.isAtStanza, held.count == 0, state.pointee.isBetweenStanzas, state.pointee.boundary == fed {
                let plain = state.pointee.readPlain(UnsafeRawBufferPointer(rebasing: rest.prefix(pieceBytes)))
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(plain))
                if state.pointee.arena.bytes.count > batchBytes { collect(state, &events) }
                if rest.isEmpty { return }
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(pieceBytes))
            let isSkipping = framer.isSkipping
            let count = held.count
            let (taken, end) = framer.scan(piece, into: held.room(for: piece.count &+ StanzaFramer.slack), at: count)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
            if isSkipping {
                try passOver(taken)
                continue
            }
            let whole = framer.complete(of: end)
            try parse(held.bytes(0, whole), expat, state)
            if framer.isHopeless { throw .notWellFormed("what no stream may hold") }
            if let limit = framer.violation {
                try refuse(.tooLarge(limit), head: held.bytes(whole, framer.headEnd), expat, state)
                held.removeAll()
            } else {
                held.keep(whole, end)
                framer.consumed(whole)
            }
            if state.pointee.arena.bytes.count > batchBytes { collect(state, &events) }
        }
    }

    /// Gives expat one byte after the other (`comparesOnly`).
    func pass(
        _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>,
        _ events: inout [Event]
    ) throws(XMLStreamError) {
        for index in bytes.indices {
            try parse(UnsafeRawBufferPointer(rebasing: bytes[index...index]), expat, state)
            if state.pointee.depth <= 1 { collect(state, &events) }
        }
    }

    private func takeTrailer(_ bytes: UnsafeRawBufferPointer) throws(XMLStreamError) {
        for byte in bytes where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            throw .notWellFormed("bytes after the end of the stream")
        }
    }

    /// Gives expat whole stanzas, or what stands between them.
    func parse(
        _ chunk: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        var rest = chunk
        while let base = rest.baseAddress, !rest.isEmpty {
            if state.pointee.isClosed { return try takeTrailer(rest) }
            let status = XML_Parse(expat, base.assumingMemoryBound(to: CChar.self), Int32(clamping: rest.count), 0)
            // What is done with when expat stands still, or refuses the stanza that follows.
            let done = max(0, min(rest.count, state.pointee.boundary &- fed))
            switch status {
            case XML_STATUS_OK where state.pointee.error == nil:
                fed &+= rest.count
                return
            case XML_STATUS_SUSPENDED:
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(done))
                if !state.pointee.isClosed { try renewExpat(expat, state) }
            default:
                let error = state.pointee.error ?? expatError(expat)
                let refused = UnsafeRawBufferPointer(rebasing: rest.dropFirst(done))
                let length = try refuseWhole(error, refused, expat, state)
                rest = UnsafeRawBufferPointer(rebasing: refused.dropFirst(length))
            }
        }
    }
}
