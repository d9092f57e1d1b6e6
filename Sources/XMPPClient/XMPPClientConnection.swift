// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization
import XMLStream
import XMPPCore
import XMPPTransport

/// A live, authenticated connection of a client with a bound address. Call ``close()`` when done.
///
/// Requests are matched with their answers here, pings of others are answered here, everything else arrives in
/// ``incoming``. All of it may be used from any task.
public final class XMPPClientConnection: Sendable {
    private struct Waiter: Sendable {
        let request: PostedRequest
        let timer: Scheduled<Void>
    }

    private struct State {
        var requests: RequestTable<Waiter>
        var end: ClientError?
        var pings: Set<String> = []
    }

    private static let pingName = XMLName("ping", Namespaces.ping)
    private static let patience = Duration.seconds(2)

    /// Our full address, as bound by the server.
    public let jid: JID
    /// In what form the stream goes; XML if that was asked for, or if the server does not read JSON.
    public var framing: StreamFraming { sender.framing }
    private let inbox: StanzaInbox
    private let configuration: ClientConfiguration
    private let channel: any Channel
    private let sender: StreamSender
    private let random: @Sendable () -> UInt64
    private let finish: @Sendable (Duration) -> Void
    private let ended: EventLoopPromise<ClientError>
    private let state: Mutex<State>

    /// - Parameter finish: ends the stream in good order; called on the event loop.
    init(
        jid: JID, configuration: ClientConfiguration, channel: any Channel, sender: StreamSender,
        random: @escaping @Sendable () -> UInt64, finish: @escaping @Sendable (Duration) -> Void
    ) {
        self.jid = jid
        self.configuration = configuration
        self.channel = channel
        self.sender = sender
        self.random = random
        self.finish = finish
        ended = channel.eventLoop.makePromise()
        state = Mutex(State(requests: RequestTable(limit: configuration.requestLimit)))
        inbox = StanzaInbox(limit: configuration.incomingLimit, bytes: configuration.incomingBytes) {
            Self.refuse($0, by: sender)
        }
    }

    /// Every stanza that is neither the answer to a request nor a ping. Whoever takes them has to answer IQs of type
    /// get and set; once the taker is gone (its loop was left) they are refused with `service-unavailable`.
    /// For one taker at a time. Ends with the connection.
    public var incoming: AsyncStream<Stanza> { inbox.stream() }

    // MARK: Sending

    /// Sends a stanza. The server puts in who it is from.
    ///
    /// - Throws: `closed`, or `overloaded` if too many bytes wait to be written.
    public func send(_ stanza: OutgoingStanza) async throws(ClientError) {
        try write(stanza)
    }

    /// Sends a presence; without parameters it says that we are available.
    public func sendPresence(
        type: String? = nil, to: JID? = nil, _ payload: [Element] = []
    ) async throws(ClientError) {
        try write(.presence(type: type, to: to, payload))
    }

    private func write(_ stanza: OutgoingStanza) throws(ClientError) {
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        stanza.write(into: &writer)
        if sender.send(writer.take()) { return }
        if let end = state.withLock({ $0.end }) { throw ClientError(.closed, end.sentence) }
        throw ClientError(.overloaded, "more than \(configuration.queueBytes) bytes wait to be sent")
    }

    /// Asks, and returns the result.
    ///
    /// - Parameter to: who is asked; only that very address may answer.
    /// - Throws: `stanza` with the error that was answered, `timeout`, `closed`, `cancelled` or `overloaded`.
    public func request(
        _ type: IQType, to: JID, _ payload: Element, timeout: Duration = .seconds(30)
    ) async throws(ClientError) -> Stanza {
        try await request(.iq(type, id: nil, to: to, payload), to: to, timeout: timeout)
    }

    /// The same for an IQ made by the caller, for instance one in another encoding; its id is replaced.
    public func request(
        _ stanza: OutgoingStanza, to: JID, timeout: Duration = .seconds(30)
    ) async throws(ClientError) -> Stanza {
        try await post(stanza, to: to, timeout: timeout).answer()
    }

    /// Asks without waiting: when this returns, the request stands in the queue, behind all that was sent before.
    /// Its id is replaced.
    public func post(_ stanza: OutgoingStanza, to: JID, timeout: Duration = .seconds(30)) -> PostedRequest {
        let id = RequestIdentifier.make(random: random)
        var stanza = stanza
        stanza.id = id
        stanza.to = to
        let request = PostedRequest { [weak self] in self?.conclude(id, .failure(.cancelled)) }
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(max(.zero, timeout))) { [weak self] in
            _ = self?.conclude(id, .failure(.timeout))
        }
        let refusal: ClientError? = state.withLock { state in
            if let end = state.end { return ClientError(.closed, end.sentence) }
            let isAdded = state.requests.add(
                id: id, to: to, deadline: .now.advanced(by: timeout), waiter: Waiter(request: request, timer: timer))
            return isAdded ? nil : ClientError(.overloaded, "too many requests wait for an answer")
        }
        if let refusal {
            timer.cancel()
            request.conclude(.failure(refusal))
            return request
        }
        do throws(ClientError) { try write(stanza) } catch { conclude(id, .failure(error)) }
        return request
    }

    /// Ends a request, if it still waits.
    private func conclude(_ id: String, _ result: Result<Stanza, ClientError>) {
        guard let waiter = state.withLock({ $0.requests.remove(id: id) }) else { return }
        waiter.timer.cancel()
        waiter.request.conclude(result)
    }

    /// Answers that fitted no request (late, twice, or forged), so far.
    public var unexpectedAnswers: Int { state.withLock { $0.requests.unexpected } }

    // MARK: Ending

    /// Why the connection ended; nil while it is alive.
    public var end: ClientError? { state.withLock { $0.end } }

    /// Returns when the connection has ended, with the reason.
    public func waitUntilClosed() async -> ClientError {
        (try? await ended.futureResult.get()) ?? .closed
    }

    /// Ends the stream: writes what is left, tells the server, and returns when the connection is closed.
    public func close() async {
        closeSoon()
        try? await channel.closeFuture.get()
    }

    /// The same without waiting.
    func closeSoon() { channel.eventLoop.execute { self.finish(Self.patience) } }

    /// The connection is over; called once, on the event loop.
    func ended(_ reason: ClientError) {
        let waiters = state.withLock { state in
            state.end = state.end ?? reason
            return state.requests.removeAll()
        }
        for waiter in waiters {
            waiter.timer.cancel()
            waiter.request.conclude(.failure(ClientError(.closed, reason.sentence)))
        }
        inbox.finish()
        ended.succeed(reason)
    }

    // MARK: Receiving, on the event loop

    /// Pings the server (XEP-0199); any answer is a sign of life.
    func pingServer() {
        let id = RequestIdentifier.make(random: random)
        state.withLock { state in
            if state.pings.count >= 8 { state.pings = [] }
            state.pings.insert(id)
        }
        let server = try? JID(localpart: nil, domain: jid.domain)
        try? write(.iq(.get, id: id, to: server, Element(Self.pingName)))
    }

    /// Takes the stanzas of one read. Returns why the connection has to end, if it has to.
    ///
    /// - Parameter bytes: what all of the batch took on the wire; each stanza counts for its share.
    func received(_ batch: StanzaBatch, from start: Int, bytes: Int) -> ClientError? {
        let share = (bytes &+ batch.count &- 1) / max(1, batch.count)
        for index in start..<batch.count {
            let element = batch[index]
            if let error = StreamError(element) { return .stream(error) }
            // What is no stanza, or has addresses that are none, is nothing that could be answered.
            guard let stanza = try? Stanza(element) else { continue }
            configuration.observer?(element.element)
            if let reason = take(stanza, bytes: share) { return reason }
        }
        return nil
    }

    private func take(_ stanza: Stanza, bytes: Int) -> ClientError? {
        if stanza.isAnswer {
            answered(stanza)
            return nil
        }
        if stanza.request == .get, stanza.payload?.isNamed(Self.pingName) == true {
            try? write(stanza.result())
            return nil
        }
        switch inbox.put(stanza, bytes: bytes) {
        case .taken: return nil
        case .nobodyThere:
            Self.refuse(stanza, by: sender)
            return nil
        case .full:
            let (stanzas, bytes) = (configuration.incomingLimit, configuration.incomingBytes)
            return ClientError(
                .overloaded, "more than \(stanzas) stanzas or \(bytes) bytes wait to be taken from the connection")
        }
    }

    private static func refuse(_ stanza: Stanza, by sender: StreamSender) {
        guard let refusal = stanza.error(StanzaError(.serviceUnavailable, "nobody is here")) else { return }
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        refusal.write(into: &writer)
        sender.send(writer.take())
    }

    private func answered(_ stanza: Stanza) {
        let waiter: Waiter? = state.withLock { state in
            if let id = stanza.id, state.pings.remove(id) != nil { return nil }
            return state.requests.answer(id: stanza.id, from: stanza.from, type: stanza.type, account: jid.bare)
        }
        guard let waiter else { return }
        waiter.timer.cancel()
        waiter.request.conclude(.success(stanza))
    }
}
