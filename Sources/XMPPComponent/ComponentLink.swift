// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOPosix
import Synchronization
import XMLStream
import XMPPCore
import XMPPTransport

/// Takes what a ``ComponentLink`` receives. All calls come on the link's event loop and must return soon.
public protocol ComponentDelegate: Sendable {
    /// The handshake is done; stanzas may be sent. Comes again after each reconnection.
    ///
    /// - Parameter generation: the number of this connection, see ``ComponentLink/send(_:over:)``.
    func componentReady(_ generation: Int)
    /// The stanzas of one read of the socket, in their order.
    func componentReceived(_ batch: StanzaBatch)
    /// The link was ready and no longer is; what was sent and not answered may be lost.
    func componentLost(_ reason: ComponentError)
}

/// The connection of an external component to its XMPP server (XEP-0114): handshake, keep-alive, reconnection,
/// and a send queue for any thread. XEP-0114 acknowledges nothing; resending is up to its user.
public final class ComponentLink: Sendable {
    /// What one connection works with.
    struct Means: Sendable {
        /// Nil without TLS.
        let tls: TLSContext?
        let framing: StreamFraming
    }

    private struct State {
        var isRunning = false
        var isStopping = false
        var stop: (@Sendable () -> Void)?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Where and as whom it attaches.
    public let configuration: ComponentConfiguration
    let delegate: any ComponentDelegate
    let random: @Sendable () -> UInt64
    private let logger: Logger
    private let group: any EventLoopGroup
    private let state = Mutex(State())
    private let current = Mutex<(sender: StreamSender?, generation: Int)>((nil, 0))

    /// - Parameters:
    ///   - delegate: kept for the life of the link.
    ///   - group: one event loop of it carries the link.
    ///   - random: 64 random bits a call from a secure source, for ping ids and for the spread of waits.
    public init(
        configuration: ComponentConfiguration, delegate: any ComponentDelegate, logger: Logger,
        group: any EventLoopGroup, random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.configuration = configuration
        self.delegate = delegate
        self.logger = logger
        self.group = group
        self.random = random
    }

    /// Whether the handshake is done and stanzas can be sent.
    public var isReady: Bool { current.withLock { $0.sender != nil } }

    /// Bytes that wait to be written.
    public var pendingBytes: Int { current.withLock { $0.sender }?.pendingBytes ?? 0 }

    /// Sends whole stanzas, written by `XMLWriter(defaultNamespace: Namespaces.component)` with a `from` of ours.
    /// From any thread; takes all of the bytes or none.
    ///
    /// - Returns: false when the link is not ready or more than `queueBytes` would wait.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        guard let sender = current.withLock({ $0.sender }) else { return false }
        return sender.send(bytes)
    }

    /// The same for one connection: whoever sends things that follow from each other must not go on over a new
    /// connection before it knows that what went over the old one may be lost.
    ///
    /// - Parameter generation: as ``ComponentDelegate/componentReady(_:)`` has told it.
    /// - Returns: false also when there is another connection by now.
    @discardableResult
    public func send(_ bytes: [UInt8], over generation: Int) -> Bool {
        guard let sender = current.withLock({ $0.generation == generation ? $0.sender : nil }) else { return false }
        return sender.send(bytes)
    }

    /// Sends one stanza, from the domain if it names no sender. Returns false also for a `from` that is not ours.
    @discardableResult
    public func send(_ stanza: OutgoingStanza) -> Bool {
        guard let stamped = try? ComponentAddress(configuration.domain).stamped(stanza) else { return false }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        stamped.write(into: &writer)
        return send(writer.take())
    }

    /// Connects, and connects again for ever, until the task is cancelled or ``shutdown()`` is called; then returns.
    ///
    /// - Throws: ``ComponentError`` if the configuration cannot work at all, or `run()` runs already.
    ///   A secret that the server refuses is logged and tried again, since it may be the server that gets corrected.
    public func run() async throws {
        do throws(ComponentConfigurationFault) { try configuration.check() } catch { throw error.error }
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { throw ComponentError(.alreadyRunning, "the component link runs already") }
        defer { stopped() }
        if configuration.isPlaintextAllowedBeyondLoopback {
            logger.warning("component link may cross the network unencrypted", metadata: metadata)
        }
        if configuration.isSecretWeak {
            logger.warning(
                "component secret has less than 128 bits, and who guesses it takes the component's place",
                metadata: metadata)
        }
        try await withTaskCancellationHandler {
            try await keepConnected()
        } onCancel: {
            requestStop()
        }
    }

    /// Writes what is queued (within `drainTimeout`), closes the stream, and returns when ``run()`` has ended.
    public func shutdown() async {
        requestStop()
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                if state.isRunning { state.waiting.append(continuation) }
                return state.isRunning
            }
            if !isRunning { continuation.resume() }
        }
    }

    // MARK: Events of the connection

    func becameReady(_ sender: StreamSender) {
        let generation = current.withLock { current in
            current = (sender, current.generation &+ 1)
            return current.generation
        }
        logger.info("component link ready", metadata: metadata)
        delegate.componentReady(generation)
    }

    func becameUnready() { current.withLock { $0.sender = nil } }

    // MARK: Running

    private var metadata: Logger.Metadata {
        ["domain": "\(configuration.domain)", "server": "\(configuration.address)"]
    }

    private func keepConnected() async throws {
        var backoff = configuration.backoff
        var framing = FramingChoice(configuration.framing)
        while true {
            let loop = group.next()
            let end = await connectOnce(framing.next, on: loop)
            if state.withLock({ $0.isStopping }) { return }
            if !end.isUnderstood, end.error.mayBeAboutFraming, framing.refused() {
                logger.notice("component link: the server does not read JSON, so it gets XML", metadata: metadata)
                continue
            }
            framing.ended(wasReady: end.readyFor != nil)
            guard end.error.isWorthRetrying else { throw end.error }
            if end.hasWorked(for: min(.seconds(10), backoff.longest)) { backoff.reset() }
            let wait = backoff.next(random: random())
            logger.warning(
                "component link down",
                metadata: metadata.merging(
                    ["reason": "\(end.error.sentence)", "retry-in": "\(wait)"], uniquingKeysWith: { $1 }))
            await pause(wait, on: loop)
            if state.withLock({ $0.isStopping }) { return }
        }
    }

    private func connectOnce(
        _ framing: StreamFraming, on loop: any EventLoop
    ) async -> ComponentConnection.End {
        let means: Means
        do throws(ComponentError) { means = try self.means(framing) } catch { return .early(error) }
        let ended = loop.makePromise(of: ComponentConnection.End.self)
        let stopped = ComponentConnection.End.early(ComponentError(.stopped, "the link was shut down"))
        let attempt = ConnectionAttempt()
        setStop { if attempt.isDecidedNow() { ended.succeed(stopped) } }
        defer { setStop(nil) }
        connect(on: loop).whenComplete { result in
            guard attempt.isDecidedNow() else {
                if case .success(let channel) = result { channel.close(promise: nil) }
                return
            }
            switch result {
            case .success(let channel): self.connected(channel, means, ended)
            case .failure(let error):
                let reason = "cannot connect to \(self.configuration.address): \(LogText.safe("\(error)"))"
                ended.succeed(.early(ComponentError(.unreachable, reason)))
            }
        }
        return (try? await ended.futureResult.get()) ?? stopped
    }

    /// The trust roots are read anew for each connection, so that a changed file counts.
    private func means(_ framing: StreamFraming) throws(ComponentError) -> Means {
        guard case .tls(let trustRoots, _) = configuration.security else { return Means(tls: nil, framing: framing) }
        do throws(TLSError) {
            let plan = TLSPlan(trustRoots: trustRoots)
            return Means(tls: try TLSContexts.shared.context(for: plan), framing: framing)
        } catch { throw ComponentError(.tls, error.sentence) }
    }

    /// Starts the handshake, on the event loop. The handler comes only now: of several addresses that are tried
    /// at once, one wins.
    private func connected(
        _ channel: any Channel, _ means: Means, _ ended: EventLoopPromise<ComponentConnection.End>
    ) {
        // A server may hang up before we get here, and a handler that comes too late is told of no end.
        guard channel.isActive else {
            return ended.succeed(.early(ComponentError(.closed, "the server closed the connection")))
        }
        let connection = ComponentConnection(configuration: configuration, means: means, link: self, ended: ended)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        setStop { channel.eventLoop.execute { bound.value.stop() } }
        do {
            try channel.pipeline.syncOperations.addHandler(
                XMLFrameHandler(receiver: connection, limits: configuration.limits, framing: means.framing))
        } catch {
            connection.failed(error)
            connection.closed()
        }
    }

    private func connect(on loop: any EventLoop) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(configuration.handshakeTimeout))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
        switch configuration.address {
        case .host(let host, let port): return bootstrap.connect(host: host, port: port)
        case .unixSocket(let path): return bootstrap.connect(unixDomainSocketPath: path)
        }
    }

    private func pause(_ duration: Duration, on loop: any EventLoop) async {
        let over = loop.makePromise(of: Void.self)
        let timer = loop.scheduleTask(in: TimeAmount(duration)) { over.succeed() }
        setStop { over.succeed() }
        try? await over.futureResult.get()
        timer.cancel()
        setStop(nil)
    }

    // MARK: Stopping

    /// What stops the present step; is called at once if the stop was asked for already.
    private func setStop(_ stop: (@Sendable () -> Void)?) {
        let isStopping = state.withLock { state in
            state.stop = stop
            return state.isStopping
        }
        if isStopping { stop?() }
    }

    private func requestStop() {
        let stop = state.withLock { state in
            if state.isRunning { state.isStopping = true }
            return state.stop
        }
        stop?()
    }

    private func stopped() {
        let waiting = state.withLock { state in
            let waiting = state.waiting
            state = State()
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// One attempt to connect: it becomes a connection, or fails, or is given up, whichever comes first. A connection that
/// comes after the link was stopped belongs to nobody.
private final class ConnectionAttempt: Sendable {
    private let isDecided = Mutex(false)

    /// Decides; false if it was decided before.
    func isDecidedNow() -> Bool {
        isDecided.withLock { isDecided in
            defer { isDecided = true }
            return !isDecided
        }
    }
}
