// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOPosix
import StationDigest
import Synchronization
import XMLStream
import XMPPComponent

/// The server's side of a connection, driven by a test: sees raw bytes, sends raw bytes.
final class FakePeer: Sendable {
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let peer: FakePeer
        init(_ peer: FakePeer) { self.peer = peer }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            peer.bytes.withLock { bytes in buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) } }
        }
        func channelInactive(context: ChannelHandlerContext) { peer.isOver.withLock { $0 = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let channel: any Channel
    private let bytes = Mutex<[UInt8]>([])
    private let isOver = Mutex(false)

    init(_ channel: any Channel) throws {
        self.channel = channel
        try channel.pipeline.syncOperations.addHandler(Reader(self))
    }

    var count: Int { bytes.withLock { $0.count } }
    var received: [UInt8] { bytes.withLock { $0 } }
    /// Without white space between and behind tags, of which a link may send any amount.
    var text: String {
        var text: [UInt8] = []
        var spaces = 0
        for byte in received {
            if byte == 0x20, spaces > 0 || text.last == UInt8(ascii: ">") {
                spaces += 1
                continue
            }
            if byte != UInt8(ascii: "<") { text += [UInt8](repeating: 0x20, count: spaces) }
            spaces = 0
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
    func forget() { bytes.withLock { $0 = [] } }
    var isClosed: Bool { isOver.withLock { $0 } }

    func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func close() { channel.close(promise: nil) }
    /// Ends the connection without taking leave: the other side gets an RST.
    func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        close()
    }
    func setReading(_ isOn: Bool) async throws { try await channel.setOption(.autoRead, value: isOn).get() }

    func wait(for text: String) async throws {
        try await eventually("\(text) from the link") { self.text.contains(text) }
    }

    /// The server's part of the handshake; returns the proof that came.
    @discardableResult
    func open(id: String = "stream-1", answer: String = "<handshake/>") async throws -> String {
        try await wait(for: "to='devices.example'")
        send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                + "xmlns:stream='http://etherx.jabber.org/streams' id='\(id)' from='devices.example'>")
        try await wait(for: "</handshake>")
        send(answer)
        let proof = text.split(separator: "<handshake>")[1].prefix(40)
        bytes.withLock { $0 = [] }
        return String(proof)
    }
}

/// Listens on a port of its own and keeps the connections that come.
final class FakeServer: Sendable {
    private let listener: any Channel
    private final class Accepted: Sendable {
        let peers = Mutex<[FakePeer]>([])
    }
    private let accepted: Accepted

    /// - Parameters:
    ///   - receiveBuffer: of the socket, in bytes; small for a reader that falls behind.
    ///   - readSize: the most bytes of one read.
    init(receiveBuffer: Int? = nil, readSize: Int = 65_536, port: Int = 0) async throws {
        let accepted = Accepted()
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = try FakePeer(channel)
                    accepted.peers.withLock { $0.append(peer) }
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        self.accepted = accepted
        listener = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
    }

    var port: Int { listener.localAddress?.port ?? 0 }
    var connections: Int { accepted.peers.withLock { $0.count } }

    /// The n-th connection, counted from 0; waits for it.
    func peer(_ index: Int) async throws -> FakePeer {
        try await eventually("connection \(index)") { self.connections > index }
        return accepted.peers.withLock { $0[index] }
    }

    func stop() async { try? await listener.close().get() }
}

struct NotInTime: Error, CustomStringConvertible {
    let what: String
    var description: String { "did not happen in time: \(what)" }
}

/// Waits until something is so; 10 s at most.
func eventually(_ what: String, within limit: Duration = .seconds(10), _ condition: @Sendable () -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < end else { throw NotInTime(what: what) }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// Notes what a link tells its delegate.
final class Recorder: ComponentDelegate {
    private struct State {
        var ready = 0
        var batches = 0
        var elements: [Element] = []
        var lost: [String] = []
    }
    private let state = Mutex(State())
    /// Called for each batch, on the event loop.
    let onBatch: @Sendable (StanzaBatch) -> Void

    init(onBatch: @escaping @Sendable (StanzaBatch) -> Void = { _ in }) { self.onBatch = onBatch }

    func componentReady(_ generation: Int) { state.withLock { $0.ready += 1 } }
    func componentReceived(_ batch: StanzaBatch) {
        let elements = batch.map(\.element)
        state.withLock { state in
            state.batches += 1
            state.elements += elements
        }
        onBatch(batch)
    }
    func componentLost(_ reason: ComponentError) { state.withLock { $0.lost.append(reason.sentence) } }

    var ready: Int { state.withLock { $0.ready } }
    var batches: Int { state.withLock { $0.batches } }
    var elements: [Element] { state.withLock { $0.elements } }
    var lost: [String] { state.withLock { $0.lost } }
}

/// Keeps what is logged.
final class LogBook: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger { Logger(label: "test") { _ in Handler(book: self) } }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let details = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            book.lines.withLock { $0.append("\(event.level) \(event.message) \(details)") }
        }
    }
}
