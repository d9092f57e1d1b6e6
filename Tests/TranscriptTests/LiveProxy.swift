// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// Stands between the component and the server's component port: hangs up, refuses, swallows, or passes on byte by byte.
final class LiveProxy: Sendable {
    private struct State {
        var isRefusing = false
        var isSwallowing = false
        var channels: [any Channel] = []
    }

    private let state = Mutex(State())
    private let group = MultiThreadedEventLoopGroup.singleton
    private let host: String
    private let port: Int
    private let isByteByByte: Bool
    /// Bytes of the component; nil when a new connection begins.
    private let observer: @Sendable (ByteBuffer?) -> Void

    init(host: String, port: Int, isByteByByte: Bool, observer: @escaping @Sendable (ByteBuffer?) -> Void) {
        self.host = host
        self.port = port
        self.isByteByByte = isByteByByte
        self.observer = observer
    }

    /// Listens, and says where.
    func start() async throws -> (channel: any Channel, port: Int) {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 16)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] in accept($0) }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { throw StageError("the proxy has no port") }
        return (channel, port)
    }

    private func accept(_ front: any Channel) -> EventLoopFuture<Void> {
        if state.withLock({ $0.isRefusing }) { return front.eventLoop.makeFailedFuture(StageError("refused")) }
        observer(nil)
        return ClientBootstrap(group: front.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port)
            .flatMapThrowing { [self] back in
                state.withLock { $0.channels += [front, back] }
                let size = isByteByByte ? 1 : Int.max
                try front.pipeline.syncOperations.addHandler(
                    Pipe(to: back, piece: size) { [self] bytes in
                        observer(bytes)
                        return !state.withLock { $0.isSwallowing }
                    })
                try back.pipeline.syncOperations.addHandler(Pipe(to: front, piece: size) { _ in true })
            }
    }

    /// From now on, what the component says is lost; it still hears.
    func swallow() { state.withLock { $0.isSwallowing = true } }

    /// Ends all connections and takes no new one.
    func refuse() {
        let channels = state.withLock { state in
            state.isRefusing = true
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    /// Takes connections again.
    func open() {
        state.withLock { state in
            state.isRefusing = false
            state.isSwallowing = false
        }
    }

    /// What comes in here goes out there.
    private final class Pipe: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let other: any Channel
        private let piece: Int
        private let passes: (ByteBuffer) -> Bool
        private var waiting = ByteBuffer()
        private var isPaced = false
        private var isClosed = false
        /// Between two bytes, so that the other end reads each by itself.
        private static let pace = TimeAmount.microseconds(150)

        init(to other: any Channel, piece: Int, passes: @escaping (ByteBuffer) -> Bool) {
            self.other = other
            self.piece = piece
            self.passes = passes
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            guard passes(bytes) else { return }
            guard piece < bytes.readableBytes || waiting.readableBytes > 0 else { return other.writeAndFlush(bytes, promise: nil) }
            waiting.writeBuffer(&bytes)
            if !isPaced { pass(on: context.eventLoop) }
        }

        private func pass(on loop: any EventLoop) {
            guard let next = waiting.readSlice(length: min(piece, waiting.readableBytes)), next.readableBytes > 0 else {
                isPaced = false
                waiting.clear()
                if isClosed { other.close(promise: nil) }
                return
            }
            isPaced = true
            other.writeAndFlush(next, promise: nil)
            loop.assumeIsolated().scheduleTask(in: Self.pace) { self.pass(on: loop) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed = true
            if !isPaced { other.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
