// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

extension XMLStreamParser {
    /// Rewrites quotes on the way to expat, a piece at a time that stays in the processor's cache.
    func take(
        _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>,
        _ events: inout [Event]
    ) throws(XMLStreamError) {
        var rest = bytes
        while !rest.isEmpty {
            if state.pointee.isClosed { return try takeTrailer(rest) }
            if scanner.place == .blind { return try takeText(rest, scanner, expat, state, &events) }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            let before = scanner.withoutCarry
            let text = room(for: piece.count &+ QuoteScanner.slack)
            let length = scanner.scan(piece, into: text).written
            try takeText(UnsafeRawBufferPointer(start: text, count: length), before, expat, state, &events)
        }
    }

    /// Takes text with the quotes rewritten. All limits count it.
    private func takeText(
        _ text: UnsafeRawBufferPointer, _ before: QuoteScanner, _ expat: OpaquePointer,
        _ state: UnsafeMutablePointer<ParserState>, _ events: inout [Event]
    ) throws(XMLStreamError) {
        var rest = text
        while !rest.isEmpty {
            if state.pointee.isClosed { return try takeTrailer(rest) }
            if skipper != nil {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try skip(rest, expat, state)))
                continue
            }
            let done = text.count &- rest.count
            let allowance = limits.stanzaBytes &- (fed &+ held.count &- state.pointee.boundary)
            if allowance <= 0 {
                let place = held.isEmpty ? before.passing(text.prefix(done)) : heldFrom
                try refuse(.tooLarge(.stanzaBytes), held, place, state)
                continue
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(min(allowance, Self.chunkBytes)))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            var unread = 0
            if pending > Self.patienceBytes, !piece.contains(UInt8(ascii: ">")) {
                if held.isEmpty { heldFrom = before.passing(text.prefix(done)) }
                held.append(contentsOf: piece)
                if pending &+ held.count > limits.tokenBytes {
                    try refuse(.tooLarge(.tokenBytes), held, heldFrom, state)
                }
            } else if held.isEmpty {
                unread = try parseOrSkip(piece, expat, state) { before.passing(text.prefix(done)) }
            } else {
                held.append(contentsOf: piece)
                let whole = held
                held = []
                unread = try whole.withUnsafeBufferPointer { (buffer) throws(XMLStreamError) -> Int in
                    try parseOrSkip(UnsafeRawBufferPointer(buffer), expat, state) { heldFrom }
                }
            }
            if unread > 0 { rest = UnsafeRawBufferPointer(rebasing: text.suffix(rest.count &+ unread)) }
            if state.pointee.arena.bytes.count > Self.chunkBytes { collect(state, &events) }
        }
    }

    private func takeTrailer(_ bytes: UnsafeRawBufferPointer) throws(XMLStreamError) {
        for byte in bytes where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            throw .notWellFormed("bytes after the end of the stream")
        }
    }

    /// Gives bytes to expat. When it throws, `parsed` bytes are done with, and `fed` does not count the others.
    func parse(
        _ chunk: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        var rest = chunk
        parsed = 0
        while let base = rest.baseAddress, !rest.isEmpty {
            if state.pointee.isClosed { return try takeTrailer(rest) }
            // expat changes to UTF-16 by the first two bytes, whatever it was told.
            if fed < 2, rest.prefix(2 &- fed).contains(where: { $0 == 0 || $0 >= 0xFE }) {
                throw .unsupportedEncoding("UTF-16")
            }
            rescanned &+= pending
            if rescanned > limits.rescanBytes { throw .tooLarge(.rescanBytes) }
            let boundary = state.pointee.boundary
            state.pointee.checksTokens = pending &+ rest.count > limits.tokenBytes
            let status = XML_Parse(expat, base.assumingMemoryBound(to: CChar.self), Int32(clamping: rest.count), 0)
            if state.pointee.boundary != boundary { rescanned = 0 }
            if let error = state.pointee.error { throw error }
            switch status {
            case XML_STATUS_OK:
                pending = incompleteBytes(expat, state, of: fed &+ rest.count)
                if pending > limits.tokenBytes { throw .tooLarge(.tokenBytes) }
                fed &+= rest.count
                return
            case XML_STATUS_SUSPENDED:
                let used = max(0, min(rest.count, state.pointee.boundary &- fed))
                parsed &+= used
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(used))
                if !state.pointee.isClosed { try renewExpat(expat, state) }
            default:
                throw expatError(expat)
            }
        }
    }

    /// How many of the bytes given to expat belong to a token that is not complete.
    private func incompleteBytes(
        _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>, of count: Int
    ) -> Int {
        if state.pointee.depth == 0 { return count }
        let event = Int(XML_GetCurrentByteIndex(expat))
        return event < 0 ? 0 : max(0, count &- event)
    }
}
