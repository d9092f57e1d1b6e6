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

    /// How many bytes have their tags followed before expat sees them, so that they are still in the processor's cache.
    @_spi(Comparison)
    public var pieceBytes = 65_536
    /// How much a batch may hold before it is reported and another one begun.
    @_spi(Comparison)
    public var batchBytes = 1_048_576
    /// How many batches are kept at hand to be used again.
    private static let keptBatches = 4

    let limits: XMLLimits
    let expat: OpaquePointer?
    let state: UnsafeMutablePointer<ParserState>?
    /// Batches that were handed over; those that nobody else holds are used again.
    private var batches: [StanzaBatch] = []
    /// Follows the stream in front of expat.
    var framer: StanzaFramer
    /// Whether the bytes go to expat as they come.
    private let comparesOnly: Bool
    /// The bytes of a stanza that is not complete, and room for a piece behind them.
    var held = FrameBuffer()
    /// Bytes of the stream so far, up to two.
    private var streamBytes = 0
    /// Bytes given to expat since it was reset.
    var fed = 0
    /// Why the stanza that is being skipped is refused, and how many bytes of it were skipped.
    var skipping: (reason: XMLStreamError, bytes: Int)?
    /// The synthetic header that sets the namespaces up again.
    private var replay: [UInt8] = []

    /// Why the stream was refused, if it was. Look at it after the events of a call.
    public internal(set) var failure: XMLStreamError?
    /// How often expat was reset because its name budget was used.
    var resets = 0
    /// How many stanzas were refused and left out (`XMLLimits.skipsStanzas`).
    public internal(set) var skipped = 0

    /// What stands in the place of all that a refused stanza held (`XMLLimits.skipsStanzas`); the attribute `reason` says
    /// why in words.
    public static let refused = XMLName("refused", ReservedNamespace.refused)

    /// Makes a parser that waits for a stream header.
    public convenience init(limits: XMLLimits = .init()) { self.init(limits: limits, comparesOnly: false) }

    /// Makes one that gives each byte to expat as it comes, without a limit of their number, to compare the two.
    @_spi(Comparison)
    public init(limits: XMLLimits, comparesOnly: Bool) {
        self.limits = limits.sane
        self.comparesOnly = comparesOnly
        framer = self.limits.framer
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
        held.free()
        guard let state else { return }
        state.pointee.free()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Whether all that came is looked at: no stanza is under way.
    @_spi(Comparison)
    public var isBetweenStanzas: Bool { framer.isBetweenStanzas }

    /// Starts over with a new stream, after STARTTLS or SASL (RFC 6120 §5.4.3.3). Bytes not yet reported are dropped.
    public func reset() {
        guard let expat, let state else { return }
        failure = nil
        state.pointee.forgetStream()
        replay = []
        framer = limits.framer
        held.removeAll()
        streamBytes = 0
        skipping = nil
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
            if streamBytes < 2 { try checkBeginning(bytes) }
            if comparesOnly { try pass(bytes, expat, state, &events) } else { try take(bytes, expat, state, &events) }
        } catch {
            failure = error
        }
        collect(state, &events)
        if state.pointee.isClosed, !wasClosed { events.append(.closed) }
        if let failure, events.isEmpty { throw failure }
        return events
    }

    /// expat changes to UTF-16 by the first two bytes, whatever it was told.
    private func checkBeginning(_ bytes: UnsafeRawBufferPointer) throws(XMLStreamError) {
        for byte in bytes.prefix(2 &- streamBytes) {
            streamBytes &+= 1
            if byte == 0 || byte >= 0xFE { throw .unsupportedEncoding("UTF-16") }
            guard streamBytes == 2 || [UInt8(ascii: "<"), 0x20, 0x09, 0x0A, 0x0D, 0xEF].contains(byte) else {
                throw .notWellFormed("a stream begins with a tag")
            }
        }
    }

    // MARK: Batches

    /// Reports the header and the complete stanzas that there are.
    func collect(_ state: UnsafeMutablePointer<ParserState>, _ events: inout [Event]) {
        if let header = state.pointee.header {
            state.pointee.header = nil
            events.append(.opened(header))
        }
        guard state.pointee.arena.stanzas.count > 0 else {
            // Refused stanzas leave names behind, and nothing else.
            if state.pointee.isBetweenStanzas {
                state.pointee.dropIncomplete()
                state.pointee.arena.names.prepare()
            }
            return
        }
        state.pointee.dropIncomplete()
        let batch = spareBatch()
        var next = batch.storage.pointee
        next.prepare()
        next.names.learned = 0
        batch.storage.pointee = state.pointee.arena
        state.pointee.arena = next
        state.pointee.lastElement = 0
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

    // MARK: expat

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

    private func restartExpat(_ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>) {
        _ = XML_ParserReset(expat, "UTF-8")
        prepareExpat(expat, state)
        fed = 0
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
