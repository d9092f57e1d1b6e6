// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOCore
import NIOPosix
import StationCore
import StationJSON
import Synchronization

/// The Unix socket on which commands talk to the component: one JSON object a line each way; mode 0600,
/// so whoever may open it is the operator.
final class ControlSocket: Sendable {
    /// The longest command: an update manifest for 100,000 stations fits.
    static let lineBytes = 8 * 1024 * 1024

    private let path: String
    private let inbox: Inbox
    private let group: any EventLoopGroup
    private let logger: Logger
    private let channel = Mutex<(any Channel)?>(nil)

    init(path: String, inbox: Inbox, group: any EventLoopGroup, logger: Logger) {
        self.path = path
        self.inbox = inbox
        self.group = group
        self.logger = logger
    }

    func start() async throws {
        unlink(path)
        let old = umask(0o177)
        defer { umask(old) }
        let inbox = inbox
        let bound = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ControlHandler(inbox: inbox))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        chmod(path, 0o600)
        channel.withLock { $0 = bound }
    }

    func stop() async {
        try? await channel.withLock { $0 }?.close()
        unlink(path)
    }
}

/// One connection of the control socket.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let inbox: Inbox
    private var gathered: [UInt8] = []

    init(inbox: Inbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        gathered.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let end = gathered.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(gathered[..<end])
            gathered.removeSubrange(...end)
            if !line.isEmpty { run(line, context.channel) }
        }
        if gathered.count > ControlSocket.lineBytes {
            answer(.integer(0), .failure(CommandError("policy-violation", "a command is too long")), context.channel)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func run(_ line: [UInt8], _ channel: any Channel) {
        var limits = JSONLimits()
        limits.bytes = ControlSocket.lineBytes
        do {
            let document = try JSONDocument(line, limits: limits)
            let id = document.root["id"]?.json ?? .integer(0)
            let name = try document.root.require("command").requireString()
            let arguments = try document.root["arguments"].map {
                try JSONDocument($0.json.serialized(), limits: limits)
            }
            inbox.append(command: name, try arguments ?? JSONDocument("{}")) { answer(id, $0, channel) }
        } catch {
            answer(.integer(0), .failure(CommandError("bad-request", "\(error)")), channel)
        }
    }
}

/// Thread-safe: writes one line.
private func answer(_ id: JSON, _ result: Result<JSON, CommandError>, _ channel: any Channel) {
    let reply: JSON
    switch result {
    case .success(let value): reply = .object([.init("id", id), .init("result", value)])
    case .failure(let error):
        reply = .object([
            .init("id", id),
            .init(
                "error",
                .object([.init("condition", .string(error.condition)), .init("text", .string(error.text))])),
        ])
    }
    var buffer = channel.allocator.buffer(capacity: 1024)
    buffer.writeBytes(reply.serialized())
    buffer.writeInteger(UInt8(ascii: "\n"))
    channel.writeAndFlush(buffer, promise: nil)
}
