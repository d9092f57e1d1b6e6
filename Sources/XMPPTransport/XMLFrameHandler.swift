// SPDX-License-Identifier: Apache-2.0
import NIOCore
import XMLStream

/// Takes what an ``XMLFrameHandler`` reads; all calls come on the event loop of the connection.
public protocol XMLFrameReceiver: AnyObject {
    /// The connection is up; nothing has been read yet.
    func connected(_ context: ChannelHandlerContext)
    /// That many bytes came in; comes once a read, before the events in it.
    func heard(_ bytes: Int)
    /// Something complete was read. The events of one read come in their order.
    func received(_ event: XMLStreamParser.Event)
    /// What came in is no acceptable stream; nothing more is read from it.
    func broken(_ fault: StreamFault)
    /// The socket or TLS failed; ``closed()`` may follow.
    func failed(_ error: any Error)
    /// The connection is gone. Comes once, last.
    func closed()
}

/// Bytes of a connection → events of an XML stream: parses each read at once, without a copy unless JSON is around it.
///
/// A plain channel handler: on this path an asynchronous sequence would cost more than the parsing.
public final class XMLFrameHandler<Receiver: XMLFrameReceiver>: ChannelInboundHandler {
    public typealias InboundIn = ByteBuffer

    /// What takes the events; to be touched on the event loop only.
    public let receiver: Receiver
    private let parser: XMLStreamParser
    private var json: JSONStreamReader?
    private var unpacked: [UInt8] = []
    /// Room that is kept for the next read.
    private static var keptBytes: Int { 262_144 }
    private var isDead = false
    private var wasActive = false
    /// Counts the streams of this connection, so that what follows the end of the old one in the same read is not taken for it.
    public private(set) var stream = 0

    /// - Parameters:
    ///   - receiver: kept for the life of the connection.
    ///   - limits: what a stanza may be. In JSON the text of an object may have twice the bytes of a stanza.
    ///   - framing: what the peer sends.
    public init(receiver: Receiver, limits: XMLLimits, framing: StreamFraming = .xml) {
        self.receiver = receiver
        var limits = limits
        if framing == .json {
            json = JSONStreamReader(textBytes: min(limits.stanzaBytes, 64 << 20) &* 2)
            // An element that is not whole in its object would be skipped to the end of another's.
            limits.skipsStanzas = false
        }
        self.parser = XMLStreamParser(limits: limits)
    }

    /// A new stream starts on this connection (STARTTLS, SASL); whatever of the old one was read already is forgotten
    /// (so nothing sent in the clear can pass for something sent over TLS, RFC 6120 §5.4.3.3).
    public func restart() {
        parser.reset()
        json?.restart()
        isDead = false
        stream &+= 1
    }

    /// Reads nothing more from this connection.
    public func stop() { isDead = true }

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard !wasActive else { return }
        wasActive = true
        receiver.connected(context)
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDead else { return }
        let buffer = unwrapInboundIn(data)
        receiver.heard(buffer.readableBytes)
        guard json != nil else { return buffer.withUnsafeReadableBytes { parse($0) } }
        let current = stream
        unpacked.removeAll(keepingCapacity: unpacked.capacity <= Self.keptBytes)
        buffer.withUnsafeReadableBytes { json?.read($0, into: &unpacked) }
        let failure = json?.failure
        unpacked.withUnsafeBytes { parse($0) }
        if let failure, !isDead, stream == current { stop(.json(failure)) }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        let current = stream
        do throws(XMLStreamError) {
            for event in try parser.feed(bytes) where !isDead && stream == current { receiver.received(event) }
            // What came before the fault is good; the fault itself shows afterwards.
            if let failure = parser.failure, !isDead, stream == current { stop(.xml(failure)) }
        } catch {
            stop(.xml(error))
        }
    }

    private func stop(_ fault: StreamFault) {
        isDead = true
        receiver.broken(fault)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        isDead = true
        receiver.closed()
        context.fireChannelInactive()
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        receiver.failed(error)
    }
}
