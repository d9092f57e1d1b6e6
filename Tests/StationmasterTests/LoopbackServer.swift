// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import XMLStream
import XMPPCore

/// The XMPP server's end of a component link, over a real socket: does the handshake, sends pings of the component to
/// itself back, and hands all other stanzas to the test.
final class LoopbackServer: Sendable {
    /// What the server does about a stanza.
    enum Reaction: Sendable {
        case take
        case close(StreamError.Condition)
    }

    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let server: LoopbackServer
        private let parser = XMLStreamParser()
        private var isClosing = false

        init(_ server: LoopbackServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isClosing else { return }
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            guard let events = try? parser.feed(bytes) else { return close(.notWellFormed, context) }
            for event in events {
                switch event {
                case .opened:
                    send(
                        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>",
                        context)
                case .stanzas(let batch):
                    for index in 0..<batch.count where !isClosing { take(batch[index], context) }
                case .closed: context.close(promise: nil)
                }
            }
        }

        private func take(_ stanza: XMLElement, _ context: ChannelHandlerContext) {
            if stanza.localName == "handshake" {
                send("<handshake/>", context)
                return server.opened(context.channel)
            }
            if stanza.attribute("to") == FlowBench.domain {
                var writer = XMLWriter(defaultNamespace: Namespaces.component)
                writer.write(stanza)
                return send(String(decoding: writer.take(), as: UTF8.self), context)
            }
            if case .close(let condition) = server.react(stanza) { close(condition, context) }
        }

        private func close(_ condition: StreamError.Condition, _ context: ChannelHandlerContext) {
            isClosing = true
            server.closed()
            send(
                "<stream:error><\(condition.rawValue) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                    + "</stream:stream>", context)
            context.close(promise: nil)
        }

        private func send(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
        }
    }

    private let listener: any Channel
    private final class Shared: Sendable {
        let channel = Mutex<(any Channel)?>(nil)
        let server = Mutex<LoopbackServer?>(nil)
        let links = Mutex<(opened: Int, closed: Int)>((0, 0))
    }
    private let shared: Shared
    /// Called for each stanza, on the server's event loop.
    private let react: @Sendable (XMLElement) -> Reaction

    init(react: @escaping @Sendable (XMLElement) -> Reaction) async throws {
        let shared = Shared()
        self.shared = shared
        self.react = react
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let server = shared.server.withLock({ $0 }) else { return }
                    try channel.pipeline.syncOperations.addHandler(Connection(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        shared.server.withLock { $0 = self }
    }

    var port: Int { listener.localAddress?.port ?? 0 }
    /// Links that came up, and those that the server has closed.
    var links: (opened: Int, closed: Int) { shared.links.withLock { $0 } }

    private func opened(_ channel: any Channel) {
        shared.channel.withLock { $0 = channel }
        shared.links.withLock { $0.opened += 1 }
    }

    private func closed() {
        shared.channel.withLock { $0 = nil }
        shared.links.withLock { $0.closed += 1 }
    }

    /// Sends stanzas to the component; false while there is no link.
    @discardableResult
    func send(_ text: String) -> Bool {
        guard let channel = shared.channel.withLock({ $0 }), channel.isActive else { return false }
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        return true
    }

    /// Whether the component's socket takes more without a queue at our end.
    var isWritable: Bool { shared.channel.withLock { $0 }?.isWritable ?? false }

    func stop() async {
        shared.server.withLock { $0 = nil }
        try? await shared.channel.withLock { $0 }?.close().get()
        try? await listener.close().get()
    }
}
