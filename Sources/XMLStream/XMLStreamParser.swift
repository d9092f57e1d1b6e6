// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// An incremental parser of one XML stream (RFC 6120 §4): bytes in, the header, complete stanzas and the end out.
///
/// However the bytes are cut, the result is the same, and a stanza is reported with its last byte.
/// What comes before an error is reported as well: `feed` returns it, `failure` holds the error, and the next call throws it.
/// One thread at a time may use it.
public final class XMLStreamParser {
    /// What the bytes meant.
    public enum Event: Sendable {
        /// The header of the stream.
        case opened(StreamHeader)
        /// Complete stanzas, in order.
        case stanzas(StanzaBatch)
        /// The end tag of the stream. What follows may only be whitespace.
        case closed
    }

    /// The most that is given to expat in one piece, so that offsets within a batch fit.
    private static let chunkBytes = 1_048_576
    /// From how many bytes of an incomplete tag on we wait for a `>` before scanning it again.
    private static let patienceBytes = 256
    /// How many batches are kept at hand to be used again.
    private static let keptBatches = 4

    private let limits: XMLLimits
    private let expat: OpaquePointer?
    private let state: UnsafeMutablePointer<ParserState>?
    /// Batches that were handed over; those that nobody else holds are used again.
    private var batches: [StanzaBatch] = []
    /// Bytes given to expat since it was reset.
    private var fed = 0
    /// Of these, bytes of a token that is not complete.
    private var pending = 0
    /// Bytes of that token that were not given to expat, as they cannot complete it.
    private var held: [UInt8] = []
    /// Bytes scanned again within the stanza.
    private var rescanned = 0
    /// The synthetic header that sets the namespaces up again.
    private var replay: [UInt8] = []

    /// Why the stream was refused, if it was. Look at it after the events of a call.
    public private(set) var failure: XMLStreamError?
    /// How often expat was reset because its name budget was used.
    private(set) var resets = 0

    /// Makes a parser that waits for a stream header.
    public init(limits: XMLLimits = .init()) {
        self.limits = limits.sane
        expat = XML_ParserCreateNS("UTF-8", NameTable.separator)
        guard let expat else {
            state = nil
            failure = .outOfMemory
            return
        }
        let state = UnsafeMutablePointer<ParserState>.allocate(capacity: 1)
        state.initialize(to: ParserState(parser: expat, limits: self.limits))
        state.pointee.arena.prepare()
        self.state = state
        prepareExpat(expat, state)
    }

    deinit {
        if let expat { XML_ParserFree(expat) }
        guard let state else { return }
        state.pointee.free()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Starts over with a new stream, after STARTTLS or SASL (RFC 6120 §5.4.3.3). Bytes not yet reported are dropped.
    public func reset() {
        guard let expat, let state else { return }
        failure = nil
        state.pointee.forgetStream()
        replay = []
        restartExpat(expat, state)
    }

    /// Takes what was read and says what it meant, at most one header, then stanzas, then the end.
    public func feed(_ bytes: [UInt8]) throws(XMLStreamError) -> [Event] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(XMLStreamError) in
            try feed(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Takes what was read and says what it meant, at most one header, then stanzas, then the end.
    ///
    /// The stanzas of one call come in one batch, unless they are more than a mebibyte.
    public func feed(_ bytes: UnsafeRawBufferPointer) throws(XMLStreamError) -> [Event] {
        if let failure { throw failure }
        guard let expat, let state else { throw .outOfMemory }
        var events: [Event] = []
        let wasClosed = state.pointee.isClosed
        do {
            try take(bytes, expat, state, &events)
        } catch {
            failure = error
        }
        collect(state, &events)
        if state.pointee.isClosed, !wasClosed { events.append(.closed) }
        if let failure, events.isEmpty { throw failure }
        return events
    }
}

// MARK: Feeding

extension XMLStreamParser {
    private func take(
        _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>,
        _ events: inout [Event]
    ) throws(XMLStreamError) {
        var rest = bytes
        while !rest.isEmpty {
            if state.pointee.isClosed { return try takeTrailer(rest) }
            let allowance = limits.stanzaBytes &- (fed &+ held.count &- state.pointee.boundary)
            if allowance <= 0 { throw .tooLarge(.stanzaBytes) }
            let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(min(allowance, Self.chunkBytes)))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(chunk.count))
            if pending > Self.patienceBytes, !chunk.contains(UInt8(ascii: ">")) {
                if pending &+ held.count &+ chunk.count > limits.tokenBytes { throw .tooLarge(.tokenBytes) }
                held.append(contentsOf: chunk)
            } else if held.isEmpty {
                try parse(chunk, expat, state)
            } else {
                held.append(contentsOf: chunk)
                let whole = held
                held = []
                try whole.withUnsafeBufferPointer { (buffer) throws(XMLStreamError) in
                    try parse(UnsafeRawBufferPointer(buffer), expat, state)
                }
            }
            if state.pointee.arena.bytes.count > Self.chunkBytes { collect(state, &events) }
        }
    }

    private func takeTrailer(_ bytes: UnsafeRawBufferPointer) throws(XMLStreamError) {
        for byte in bytes where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            throw .notWellFormed("bytes after the end of the stream")
        }
    }

    private func parse(
        _ chunk: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        var rest = chunk
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
                fed &+= rest.count
                pending = incompleteBytes(expat, state)
                if pending > limits.tokenBytes { throw .tooLarge(.tokenBytes) }
                return
            case XML_STATUS_SUSPENDED:
                let used = max(0, min(rest.count, state.pointee.boundary &- fed))
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(used))
                if !state.pointee.isClosed { try renewExpat(expat, state) }
            default:
                throw expatError(expat)
            }
        }
    }

    /// How many of the bytes fed belong to a token that is not complete.
    private func incompleteBytes(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) -> Int {
        if state.pointee.depth == 0 { return fed }
        let event = Int(XML_GetCurrentByteIndex(expat))
        return event < 0 ? 0 : max(0, fed &- event)
    }
}

// MARK: Batches and resets

extension XMLStreamParser {
    /// Reports the header and the complete stanzas that there are.
    private func collect(_ state: UnsafeMutablePointer<ParserState>, _ events: inout [Event]) {
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
    private func renewExpat(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) throws(XMLStreamError) {
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

    private func restartExpat(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) {
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

extension XMLLimits {
    /// The same limits, within what the parser's arithmetic and memory can hold.
    var sane: XMLLimits {
        var limits = self
        limits.stanzaBytes = min(max(stanzaBytes, 1), 64 * 1_048_576)
        limits.depth = min(max(depth, 0), 4096)
        limits.attributes = min(max(attributes, 0), 65_536)
        limits.nameBudget = max(nameBudget, 1)
        return limits
    }
}
