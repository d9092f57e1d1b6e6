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
    static let chunkBytes = 1_048_576
    /// From how many bytes of an incomplete tag on we wait for a `>` before scanning it again.
    static let patienceBytes = 256
    /// How many bytes have their quotes rewritten before expat sees them.
    static let pieceBytes = 65_536
    /// How many batches are kept at hand to be used again.
    static let keptBatches = 4

    let limits: XMLLimits
    private let expat: OpaquePointer?
    private let state: UnsafeMutablePointer<ParserState>?
    /// Batches that were handed over; those that nobody else holds are used again.
    var batches: [StanzaBatch] = []
    /// Bytes given to expat since it was reset.
    var fed = 0
    /// Of these, bytes of a token that is not complete.
    var pending = 0
    /// Bytes of that token that were not given to expat, as they cannot complete it.
    var held: [UInt8] = []
    /// Where the first held byte stands.
    var heldFrom = QuoteScanner.blind
    /// Of the bytes given to ``parse`` last, those known to be done with.
    var parsed = 0
    /// Follows the stream in front of expat.
    var scanner: QuoteScanner
    private let rewritesQuotes: Bool
    private var text: UnsafeMutableRawPointer?
    private var textBytes = 0
    /// The refused stanza that is being skipped.
    var skipper: Skipper?
    /// Bytes scanned again within the stanza.
    var rescanned = 0
    /// The synthetic header that sets the namespaces up again.
    var replay: [UInt8] = []

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
    public convenience init(limits: XMLLimits = .init()) { self.init(limits: limits, rewritesQuotes: true) }

    /// Makes a parser that may leave quotes as they are, to compare the two.
    @_spi(Comparison)
    public init(limits: XMLLimits, rewritesQuotes: Bool) {
        self.limits = limits.sane
        self.rewritesQuotes = rewritesQuotes
        scanner = rewritesQuotes ? QuoteScanner() : .blind
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
        text?.deallocate()
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
        scanner = rewritesQuotes ? QuoteScanner() : .blind
        skipper = nil
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

    /// Memory for text whose quotes are rewritten; kept for the next.
    func room(for count: Int) -> UnsafeMutableRawPointer {
        if let text, textBytes >= count { return text }
        text?.deallocate()
        let new = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
        text = new
        textBytes = count
        return new
    }
}
