// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import XMLStream
import XMPPCore
import XMPPTransport

/// One connection of a ``ComponentLink``, from the handshake to its end; lives on one event loop.
final class ComponentConnection: XMLFrameReceiver {
    /// How a connection ended.
    struct End: Sendable {
        let error: ComponentError
        /// How long the link was ready; nil if it never was.
        let readyFor: Duration?
        /// Whether the server's stream header came, so that it reads what we write.
        let isUnderstood: Bool

        /// Before there was a connection.
        static func early(_ error: ComponentError) -> End { End(error: error, readyFor: nil, isUnderstood: false) }

        /// Whether the next wait is short again. One that was lost at once must not knock every second, nor two
        /// instances of one name that a server lets drive each other out.
        func hasWorked(for least: Duration) -> Bool {
            guard let readyFor else { return false }
            return readyFor >= least && error.code != .conflict
        }
    }

    private static let streamError = XMLName("error", Namespaces.streams)

    private let configuration: ComponentConfiguration
    private let means: ComponentLink.Means
    private let link: ComponentLink
    private let ended: EventLoopPromise<End>
    private var context: ChannelHandlerContext?
    private var handshake: ComponentHandshake
    private var ping: LoopbackPing
    private var keepAlive: KeepAlive
    private var writing: WriteWatch
    private var timer: Scheduled<Void>?
    private(set) var sender: StreamSender?
    private var readySince: ContinuousClock.Instant?
    private var error: ComponentError?
    private var isEnding = false
    private var tls: TLSConnection?
    private var isUnderstood = false

    /// - Parameter means: the TLS context (nil without TLS) and the framing of this connection.
    init(
        configuration: ComponentConfiguration, means: ComponentLink.Means, link: ComponentLink,
        ended: EventLoopPromise<End>
    ) {
        self.configuration = configuration
        self.means = means
        self.link = link
        self.ended = ended
        self.handshake = ComponentHandshake(domain: configuration.preparedDomain, secret: configuration.secret)
        self.ping = LoopbackPing(domain: configuration.preparedDomain)
        self.keepAlive = KeepAlive(
            interval: configuration.pingInterval, limit: configuration.deadAfter, now: .now)
        self.writing = WriteWatch(limit: configuration.deadAfter)
    }

    // MARK: Events of the connection

    func connected(_ context: ChannelHandlerContext) {
        self.context = context
        guard !configuration.needsLoopback || Loopback.contains(context.channel.remoteAddress) else {
            return end(configuration.loopbackOnly)
        }
        sender = StreamSender(
            channel: context.channel, queue: SendQueue(limit: configuration.queueBytes), framing: means.framing)
        schedule(after: configuration.handshakeTimeout) { connection in
            let place = connection.configuration.address
            connection.end(ComponentError(.timeout, "the server at \(place) did not answer during the handshake"))
        }
        if let tlsContext = means.tls {
            do throws(TLSError) {
                tls = try TLSConnection.start(tlsContext, name: configuration.tlsName, on: context)
            } catch { return end(ComponentError(.tls, error.sentence)) }
        }
        perform(handshake.connected())
    }

    func heard(_ bytes: Int) { keepAlive.received(at: .now) }

    func received(_ event: XMLStreamParser.Event) {
        guard error == nil else { return }
        switch event {
        case .opened(let header):
            isUnderstood = true
            guard tls?.isServerKnown != false else {
                let name = configuration.tlsName
                return end(ComponentError(.tls, "the certificate of \(configuration.address) is not for \(name)"))
            }
            perform(handshake.opened(name: header.name, attributes: header.attributes))
        case .stanzas(let batch):
            if handshake.isReady { deliver(batch) } else { receivedEarly(batch) }
        case .closed:
            perform(handshake.ended())
        }
    }

    func broken(_ fault: StreamFault) {
        end(ComponentError(.brokenStream, "the server sent \(fault)"))
    }

    func failed(_ error: any Error) {
        let text = LogText.safe("\(error)")
        switch TLSConnection.Fault(error) {
        case .uncleanEnd: break  // `closed()` follows
        case .tls: end(ComponentError(.tls, "TLS with \(configuration.address) failed: \(text)"))
        case .other: end(ComponentError(.closed, "the connection to \(configuration.address) failed: \(text)"))
        }
    }

    func closed() {
        perform(handshake.ended())
        finish()
    }

    // MARK: Stanzas

    /// The answer to the handshake may share its read with the first stanzas.
    private func receivedEarly(_ batch: StanzaBatch) {
        for index in 0..<batch.count where error == nil {
            perform(handshake.received(batch[index].element))
            guard handshake.isReady else { continue }
            var position = -1
            batch.keep { _ in
                position += 1
                return position > index
            }
            return deliver(batch)
        }
    }

    private func deliver(_ batch: StanzaBatch) {
        var end: ComponentHandshake.Action?
        // A stream error is the last thing a server sends, so the last element is the only one to look at.
        if let last = batch.last, last.isNamed(Self.streamError) {
            end = handshake.received(last.element)
            batch.keep { !$0.isNamed(Self.streamError) }
        }
        if ping.isUnderWay { batch.keep { !ping.takes($0) } }
        if batch.count > 0 { link.delegate.componentReceived(batch) }
        if let end { perform(end) }
    }

    // MARK: What is to be done

    private func perform(_ action: ComponentHandshake.Action) {
        switch action {
        case .open(let tag): sender?.send(tag: tag)
        case .send(let text): sender?.send(Array(text.utf8))
        case .ready: becameReady()
        case .fail(let error): end(error)
        case .ignore: break
        }
    }

    private func becameReady() {
        guard let sender else { return }
        readySince = .now
        sender.pad()
        keepAlive = KeepAlive(interval: configuration.pingInterval, limit: configuration.deadAfter, now: .now)
        watch()
        link.becameReady(sender)
    }

    /// Looks for signs of life, now and then again: whether the server says something, and whether it reads.
    private func watch() {
        let now = ContinuousClock.now
        let seconds = configuration.deadAfter.components.seconds
        if writing.isStuck(at: sender?.position, now: now) {
            return end(
                ComponentError(.silent, "the server has read nothing for \(seconds) s, though bytes wait for it"))
        }
        var next = now.advanced(by: writing.interval)
        switch keepAlive.check(at: now) {
        case .wait(let moment): next = min(next, moment)
        case .ping(let moment):
            sender?.send(ping.make(random: link.random))
            next = min(next, moment)
        case .dead:
            return end(
                ComponentError(.silent, "nothing was heard from the server for \(seconds) s, not even to a ping"))
        }
        schedule(after: now.duration(to: next)) { $0.watch() }
    }

    private func schedule(after delay: Duration, _ work: @escaping (ComponentConnection) -> Void) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(max(delay, .milliseconds(1)))) {
            [weak self] in
            guard let self, self.error == nil else { return }
            work(self)
        }
    }

    /// Ends the connection at once, for a reason.
    private func end(_ reason: ComponentError) {
        guard error == nil else { return }
        error = reason
        leave(deadline: .zero)
    }

    /// Takes leave of the server: writes what is left, within the deadline, and closes.
    func stop() {
        guard error == nil else { return }
        error = ComponentError(.stopped, "the link was shut down")
        leave(deadline: configuration.drainTimeout)
    }

    private func leave(deadline: Duration) {
        timer?.cancel()
        link.becameUnready()
        guard let context, context.channel.isActive else { return }
        guard let sender, !isEnding else {
            context.close(promise: nil)
            return
        }
        isEnding = true
        // `self` stays alive through the pipeline until the channel has closed.
        sender.finish { [weak self] in self?.context?.close(promise: nil) }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    /// The channel is closed: the last that happens.
    private func finish() {
        timer?.cancel()
        sender?.close()
        context = nil
        tls = nil
        let error = error ?? ComponentError(.closed, "the server closed the connection")
        if readySince != nil {
            link.becameUnready()
            link.delegate.componentLost(error)
        }
        ended.succeed(
            End(error: error, readyFor: readySince.map { $0.duration(to: .now) }, isUnderstood: isUnderstood))
    }
}
