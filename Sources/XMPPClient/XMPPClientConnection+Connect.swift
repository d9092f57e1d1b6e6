// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOPosix
import Synchronization
import XMPPCore
import XMPPTransport

extension XMPPClientConnection {
    /// The connection while it is being made, so that a cancelled task can end it.
    private final class Attempt: Sendable {
        private struct State {
            var channel: (any Channel)?
            var isCancelled = false
        }
        private let state = Mutex(State())
        let established: EventLoopPromise<ClientStream.Outcome>

        init(_ established: EventLoopPromise<ClientStream.Outcome>) { self.established = established }

        /// False if the task has been cancelled meanwhile.
        func started(_ channel: any Channel) -> Bool {
            state.withLock { state in
                state.channel = channel
                return !state.isCancelled
            }
        }

        func cancel(_ reason: ClientError) {
            let channel = state.withLock { state in
                state.isCancelled = true
                return state.channel
            }
            established.succeed(.failure(reason))
            channel?.close(promise: nil)
        }
    }

    /// Connects, secures the connection, logs in and binds a resource.
    ///
    /// - Parameters:
    ///   - group: one event loop of it carries the connection; share it between connections.
    ///   - tls: contexts shared between connections.
    ///   - random: 64 random bits a call from a secure source.
    public static func connect(
        _ configuration: ClientConfiguration, group: any EventLoopGroup, logger: Logger, tls: TLSContexts = .shared,
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) async throws(ClientError) -> XMPPClientConnection {
        try configuration.check()
        var context: TLSContext?
        do throws(TLSError) {
            context = try configuration.tlsPlan.map { plan throws(TLSError) in try tls.context(for: plan) }
        } catch {
            throw ClientError(.configuration, error.sentence)
        }
        let metadata: Logger.Metadata = [
            "jid": "\(configuration.jid)", "server": "\(configuration.host):\(configuration.port)",
        ]
        let end = ContinuousClock.now.advanced(by: configuration.connectTimeout)
        var framing = FramingChoice(configuration.framing)
        while true {
            let promise = group.next().makePromise(of: ClientStream.Outcome.self)
            let means = ClientStream.Means(
                configuration: configuration, tls: context, framing: framing.next, random: random,
                established: promise)
            do throws(ClientError) {
                let connection = try await connect(means, until: end)
                logger.debug("client connected", metadata: metadata)
                return connection
            } catch {
                if error.code == .jsonRefused, framing.refused() { continue }
                logger.debug(
                    "client not connected",
                    metadata: metadata.merging(["reason": "\(error)"], uniquingKeysWith: { $1 }))
                throw error
            }
        }
    }

    /// One attempt. One in JSON leaves half of the time for another in XML.
    private static func connect(
        _ means: ClientStream.Means, until end: ContinuousClock.Instant
    ) async throws(ClientError) -> XMPPClientConnection {
        let loop = means.established.futureResult.eventLoop
        let attempt = Attempt(means.established)
        let left = max(.zero, ContinuousClock.now.duration(to: end))
        let timeout: (Duration, ClientError) =
            means.framing == .json
            ? (left / 2, .jsonRefused)
            : (left, ClientError(.timeout, "the server did not let us in within the time allowed"))
        let deadline = loop.scheduleTask(in: TimeAmount(timeout.0)) { attempt.cancel(timeout.1) }
        defer { deadline.cancel() }
        let outcome = await withTaskCancellationHandler {
            start(means, attempt, on: loop)
            return try? await attempt.established.futureResult.get()
        } onCancel: {
            attempt.cancel(.cancelled)
        }
        return try (outcome ?? .failure(.closed)).get()
    }

    private static func start(_ means: ClientStream.Means, _ attempt: Attempt, on loop: any EventLoop) {
        let configuration = means.configuration
        ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65_536)
            )
            .connect(host: configuration.host, port: configuration.port)
            .whenComplete { result in
                switch result {
                case .success(let channel): connected(channel, means, attempt)
                case .failure(let error):
                    let place = "\(configuration.host):\(configuration.port)"
                    attempt.established.succeed(
                        .failure(ClientError(.unreachable, "cannot connect to \(place): \(LogText.safe("\(error)"))")))
                }
            }
    }

    /// Starts the stream, on the event loop. The handler comes only now: of several addresses that are tried at once,
    /// one wins.
    private static func connected(_ channel: any Channel, _ means: ClientStream.Means, _ attempt: Attempt) {
        guard attempt.started(channel) else { return channel.close(promise: nil) }
        let stream = ClientStream(means)
        let frames = XMLFrameHandler(receiver: stream, limits: means.configuration.limits, framing: means.framing)
        stream.frames = frames
        // A server may hang up before we get here, and a handler that comes too late is told of no end.
        guard channel.isActive else { return stream.closed() }
        do { try channel.pipeline.syncOperations.addHandler(frames) } catch {
            stream.failed(error)
            channel.close(promise: nil)
        }
    }
}
