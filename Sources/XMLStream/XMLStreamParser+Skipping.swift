// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// A refused stanza that has not ended yet.
struct Skipper {
    var scanner: QuoteScanner
    let reason: XMLStreamError
    var bytes = 0
}

/// One stanza that goes too far is left out, and the stream goes on.
///
/// A component link carries what thousands of strangers wrote. A server passes on what its own limits allow, and makes
/// it longer: each quote becomes six bytes, each short prefix a namespace in full. So no limit of ours may depend on
/// the server's, or any stranger could end the link for all (`XMLLimits.skipsStanzas`).
///
/// Skipped bytes cost no memory. Only their tags are followed, so within them nothing else is checked.
extension XMLStreamParser {
    /// Gives bytes to expat. A stanza that is refused is skipped, if that is wanted and possible.
    ///
    /// - Parameter place: where the first byte stands.
    /// - Returns: how many bytes at the end were not looked at, since the stanza that was skipped ended before them.
    func parseOrSkip(
        _ chunk: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>,
        _ place: () -> QuoteScanner
    ) throws(XMLStreamError) -> Int {
        do {
            try parse(chunk, expat, state)
            return 0
        } catch {
            guard limits.skipsStanzas, error.isOfOneStanza || isNamespaceFault(expat) else { throw error }
            // Where the refused stanza begins, or goes on if it began in bytes that are gone.
            let start = parsed &+ max(0, state.pointee.boundary &- fed)
            let begins = state.pointee.boundary >= fed
            try refuse(error, [], begins ? .betweenStanzas : place(), state)
            let rest = UnsafeRawBufferPointer(rebasing: chunk.dropFirst(start))
            return rest.count &- (try skip(rest, expat, state))
        }
    }

    /// Refuses the stanza that is under way: reports its head, and skips what follows.
    ///
    /// - Parameters:
    ///   - bytes: of the stanza, which expat has not seen and which are dropped.
    ///   - place: where these begin.
    func refuse(
        _ reason: XMLStreamError, _ bytes: [UInt8], _ place: QuoteScanner, _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        guard limits.skipsStanzas, place.place != .blind, state.pointee.hasRoot else { throw reason }
        let after = bytes.withUnsafeBytes { place.passing($0[...]) }
        state.pointee.keepHead(reason)
        skipped &+= 1
        held = []
        skipper = Skipper(scanner: after, reason: reason)
    }

    /// Skips up to the end of the refused stanza, and says how many bytes that were.
    func skip(
        _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer, _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) -> Int {
        guard var current = skipper else { return 0 }
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes.count &+ QuoteScanner.slack, alignment: 8)
        defer { scratch.deallocate() }
        let taken = current.scanner.scan(bytes, into: scratch, stops: true).taken
        if current.scanner.place == .blind { throw current.reason }
        current.bytes &+= taken
        if current.bytes > limits.skippedBytes { throw .tooLarge(.skippedBytes) }
        skipper = current
        if current.scanner.place == .text, current.scanner.depth == 1 {
            skipper = nil
            try renewExpat(expat, state)
        }
        return taken
    }

    /// Whether expat refused a name for its prefix. Servers that do not look at namespaces pass such a stanza on.
    private func isNamespaceFault(_ expat: OpaquePointer) -> Bool {
        switch XML_GetErrorCode(expat) {
        case XML_ERROR_UNBOUND_PREFIX, XML_ERROR_UNDECLARING_PREFIX, XML_ERROR_RESERVED_PREFIX_XML,
            XML_ERROR_RESERVED_PREFIX_XMLNS, XML_ERROR_RESERVED_NAMESPACE_URI:
            true
        default: false
        }
    }
}
