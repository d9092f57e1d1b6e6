// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// One stanza that goes too far is left out, and the stream goes on.
///
/// A component link carries what thousands of strangers wrote. A server passes on what its own limits allow, and makes
/// it longer: each quote becomes six bytes, each short prefix a namespace in full. So no limit of ours may depend on
/// the server's, or any stranger could end the link for all (`XMLLimits.skipsStanzas`).
///
/// Skipped bytes cost no memory. Only their tags are followed, so within them nothing else is checked.
extension XMLStreamParser {
    /// Refuses the stanza under way, which has passed a limit before expat saw any of it: reports its head, and goes on to
    /// its end.
    ///
    /// - Parameter head: the start tag of the stanza; empty if that was too much already.
    func refuse(
        _ reason: XMLStreamError, head: UnsafeRawBufferPointer, _ expat: OpaquePointer,
        _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        guard limits.skipsStanzas, state.pointee.hasRoot, framer.isOfStanza else { throw reason }
        try report(reason, head, expat, state)
        framer.forgetStanza()
        if framer.place == .blind { throw reason }
        if framer.isSkipping { skipping = (reason, 0) }
    }

    /// Of the refused stanza so many more bytes are passed over.
    func passOver(_ count: Int) throws(XMLStreamError) {
        guard let (reason, before) = skipping else { return }
        if framer.place == .blind || framer.place == .ended { throw reason }
        guard framer.isSkipping else { return skipping = nil }
        if before &+ count > limits.skippedBytes { throw .tooLarge(.skippedBytes) }
        skipping = (reason, before &+ count)
    }

    /// Refuses the stanza with which the bytes begin, since expat or one of our callbacks did.
    ///
    /// - Returns: how many bytes it has.
    func refuseWhole(
        _ reason: XMLStreamError, _ bytes: UnsafeRawBufferPointer, _ expat: OpaquePointer,
        _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) -> Int {
        guard limits.skipsStanzas, state.pointee.hasRoot, reason.isOfOneStanza || isNamespaceFault(expat) else { throw reason }
        var framer = StanzaFramer(limits: .init(), rewrites: false, depth: 1)
        framer.isSkipping = true
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes.count &+ StanzaFramer.slack, alignment: 8)
        defer { scratch.deallocate() }
        let length = framer.scan(bytes, into: scratch, at: 0).taken
        guard !framer.isSkipping else { throw reason }
        state.pointee.error = nil
        try renewExpat(expat, state)
        try report(reason, UnsafeRawBufferPointer(rebasing: bytes.prefix(framer.headEnd)), expat, state)
        return length
    }

    /// Gives expat the start tag of a refused stanza, with the reason of the refusal in the place of all that it held. If
    /// expat does not take the tag either, nothing is left of the stanza.
    private func report(
        _ reason: XMLStreamError, _ head: UnsafeRawBufferPointer, _ expat: OpaquePointer,
        _ state: UnsafeMutablePointer<ParserState>
    ) throws(XMLStreamError) {
        skipped &+= 1
        state.pointee.dropIncomplete()
        guard let stanza = Self.refusal(reason, head) else { return }
        let status = stanza.withUnsafeBytes {
            XML_Parse(expat, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count), 0)
        }
        if status == XML_STATUS_OK, state.pointee.error == nil {
            fed &+= stanza.count
        } else {
            state.pointee.error = nil
            state.pointee.dropIncomplete()
            try renewExpat(expat, state)
        }
    }

    /// The whole stanza that stands for a refused one.
    private static func refusal(_ reason: XMLStreamError, _ head: UnsafeRawBufferPointer) -> [UInt8]? {
        guard head.count > 2 else { return nil }
        let isEmpty = head[head.count &- 2] == UInt8(ascii: "/")
        var bytes = Array(head.dropLast(isEmpty ? 2 : 1))
        let name = bytes.dropFirst().prefix { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        bytes += Array("><\(refused.local) xmlns='\(refused.namespace)' reason='".utf8)
        var escaper = XMLEscaper()
        escaper.append("\(reason)", to: &bytes, as: .attribute)
        bytes += Array("'/></".utf8) + name + Array(">".utf8)
        return bytes
    }

    /// Whether expat refused a name for its prefix. Servers that do not look at namespaces pass such a stanza on.
    private func isNamespaceFault(_ expat: OpaquePointer) -> Bool {
        switch XML_GetErrorCode(expat) {
        case XML_ERROR_UNBOUND_PREFIX, XML_ERROR_UNDECLARING_PREFIX, XML_ERROR_RESERVED_PREFIX_XML,
            XML_ERROR_RESERVED_PREFIX_XMLNS, XML_ERROR_RESERVED_NAMESPACE_URI, XML_ERROR_DUPLICATE_ATTRIBUTE:
            true
        default: false
        }
    }
}
