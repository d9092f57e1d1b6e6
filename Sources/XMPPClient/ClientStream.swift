// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import XMLStream
import XMPPCore
import XMPPTransport

/// One connection of a client, from the first byte to its end; lives on one event loop. Performs a
/// ``ClientNegotiation``, then hands what it reads to an ``XMPPClientConnection``.
final class ClientStream: XMLFrameReceiver {
    /// What ``XMPPClientConnection/connect(_:group:logger:tls:random:)`` waits for.
    typealias Outcome = Result<XMPPClientConnection, ClientError>

    /// What a stream works with, handed in.
    struct Means: Sendable {
        let configuration: ClientConfiguration
        /// Nil without TLS.
        let tls: TLSContext?
        let framing: StreamFraming
        let random: @Sendable () -> UInt64
        let established: EventLoopPromise<Outcome>
    }

    private let means: Means
    private var negotiation: ClientNegotiation
    private var context: ChannelHandlerContext?
    private var sender: StreamSender?
    private var connection: XMPPClientConnection?
    private var keepAlive: KeepAlive
    private var timer: Scheduled<Void>?
    private var error: ClientError?
    private var isLeaving = false
    /// Bytes read that are not yet counted with a stanza.
    private var unassigned = 0
    private var tls: TLSConnection?
    /// The server's stream header came, so it reads what we write.
    private var isUnderstood = false
    /// The handler that reads for us; set by who makes both.
    weak var frames: XMLFrameHandler<ClientStream>?

    private var configuration: ClientConfiguration { means.configuration }

    init(_ means: Means) {
        self.means = means
        let configuration = means.configuration
        func identifier() -> String { RequestIdentifier.make(random: means.random) }
        negotiation = ClientNegotiation(
            .init(
                jid: configuration.jid, security: configuration.security, credentials: configuration.credentials,
                resource: configuration.resource, nonce: identifier(), bindID: identifier(), sessionID: identifier()))
        keepAlive = KeepAlive(interval: configuration.pingInterval, limit: configuration.deadAfter, now: .now)
    }

    // MARK: Events of the connection

    func connected(_ context: ChannelHandlerContext) {
        self.context = context
        if configuration.needsLoopback, !Loopback.contains(context.channel.remoteAddress) {
            return end(configuration.loopbackOnly)
        }
        sender = StreamSender(
            channel: context.channel, queue: SendQueue(limit: configuration.queueBytes), framing: means.framing)
        if configuration.security == .directTLS { startTLS() }
        perform(negotiation.connected())
    }

    func heard(_ bytes: Int) {
        keepAlive.received(at: .now)
        unassigned &+= bytes
    }

    func received(_ event: XMLStreamParser.Event) {
        if isLeaving, case .closed = event { return close(within: .zero) }
        guard error == nil else { return }
        switch event {
        case .opened(let header):
            if connection != nil { return end(.violation("opened a stream inside a stream")) }
            isUnderstood = true
            guard tls?.isServerKnown != false else {
                let name = configuration.tlsName
                return end(ClientError(.tls, "the certificate of \(configuration.host) is not for \(name)"))
            }
            perform(negotiation.opened(header.name, header.attributes))
        case .stanzas(let batch):
            receive(batch)
        case .closed:
            end(ClientError(.closed, "the server ended the stream"))
        }
    }

    private func receive(_ batch: StanzaBatch) {
        let bytes = unassigned
        unassigned = 0
        var index = 0
        let stream = frames?.stream
        while connection == nil, error == nil, index < batch.count {
            perform(negotiation.received(batch[index].element))
            index += 1
            // What came behind `<proceed/>` or `<success/>` belongs to a stream that is no more.
            if frames?.stream != stream { return }
        }
        guard let connection, error == nil, index < batch.count else { return }
        if let reason = connection.received(batch, from: index, bytes: bytes) { end(reason) }
    }

    func broken(_ fault: StreamFault) { end(.violation("sent \(fault)")) }

    func failed(_ error: any Error) {
        let text = LogText.safe("\(error)")
        switch TLSConnection.Fault(error) {
        case .uncleanEnd: break  // `closed()` follows
        case .tls: end(ClientError(.tls, "TLS with \(configuration.host) failed: \(text)"))
        case .other: end(ClientError(.closed, "the connection to \(configuration.host) failed: \(text)"))
        }
    }

    func closed() {
        if connection == nil { perform(negotiation.ended()) }
        end(ClientError(.closed, "the server closed the connection"))
        timer?.cancel()
        sender?.close()
        context = nil
        connection = nil
        tls = nil
    }

    // MARK: What is to be done

    private func perform(_ actions: [ClientNegotiation.Action]) {
        for action in actions where error == nil {
            switch action {
            case .open(let tag):
                frames?.restart()
                sender?.send(tag: tag)
            case .send(let element):
                var writer = XMLWriter(defaultNamespace: Namespaces.client)
                writer.write(element)
                sender?.send(writer.take())
            case .startTLS: startTLS()
            case .derive(let derivation): derive(derivation)
            case .ready(let jid): ready(jid)
            case .fail(let error): end(error)
            }
        }
    }

    private func startTLS() {
        guard let context, let tls = means.tls else {
            return end(ClientError(.tls, "there is no TLS context"))
        }
        do throws(TLSError) {
            self.tls = try TLSConnection.start(tls, name: configuration.tlsName, on: context)
        } catch {
            end(ClientError(.tls, error.sentence))
        }
    }

    /// Hashes the password on another thread: many rounds would hold up all connections of this event loop.
    private func derive(_ derivation: SCRAM.Derivation) {
        guard let context else { return }
        NIOThreadPool.singleton.runIfActive(eventLoop: context.eventLoop) { derivation.run() }
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self, self.error == nil else { return }
                switch result {
                case .success(let saltedPassword): self.perform(self.negotiation.derived(saltedPassword))
                case .failure: self.end(.closed)
                }
            }
    }

    private func ready(_ jid: JID) {
        guard let context, let sender else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let connection = XMPPClientConnection(
            jid: jid, configuration: configuration, channel: context.channel, sender: sender, random: means.random,
            finish: { bound.value.finish($0) })
        self.connection = connection
        sender.pad()
        keepAlive = KeepAlive(interval: configuration.pingInterval, limit: configuration.deadAfter, now: .now)
        watch()
        means.established.succeed(.success(connection))
    }

    /// Looks for a sign of life, now and then again when the silence calls for it.
    private func watch() {
        guard let connection, error == nil else { return }
        let now = ContinuousClock.now
        switch keepAlive.check(at: now) {
        case .wait(let moment): schedule(now.duration(to: moment))
        case .ping(let moment):
            connection.pingServer()
            schedule(now.duration(to: moment))
        case .dead:
            let seconds = configuration.deadAfter.components.seconds
            end(ClientError(.silent, "nothing was heard from the server for \(seconds) s, not even to a ping"))
        }
    }

    private func schedule(_ delay: Duration) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(max(delay, .milliseconds(1)))) {
            [weak self] in self?.watch()
        }
    }

    // MARK: The end

    /// Ends the connection for a reason; only the first counts.
    func end(_ reason: ClientError) {
        guard error == nil else { return }
        let isUnread = means.framing == .json && !isUnderstood && reason.mayBeAboutFraming
        let reason = isUnread ? .jsonRefused : reason
        error = reason
        timer?.cancel()
        means.established.succeed(.failure(reason))
        connection?.ended(reason)
        frames?.stop()
        close(within: .milliseconds(200))
    }

    /// Takes leave of the server: writes what is left, and closes when it has answered or the patience is over,
    /// so that nothing sent before is lost.
    private func finish(_ patience: Duration) {
        guard error == nil else { return }
        error = .closed
        isLeaving = true
        timer?.cancel()
        connection?.ended(.closed)
        sender?.finish {}
        closeLater(patience)
    }

    private func close(within patience: Duration) {
        guard let context, context.channel.isActive else { return }
        let channel = context.channel
        guard let sender, patience > .zero else { return channel.close(promise: nil) }
        sender.finish { channel.close(promise: nil) }
        closeLater(patience)
    }

    private func closeLater(_ patience: Duration) {
        guard let channel = context?.channel else { return }
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) {
            channel.close(promise: nil)
        }
    }
}
