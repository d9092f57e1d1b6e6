// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import StationProtocol
import Synchronization
import XMLStream
import XMPPClient
import XMPPCore
import XMPPTransport

/// An information service (a consumer): logs in, subscribes to a node, takes what is delivered, and comes back after
/// every loss of the link.
///
/// ```swift
/// let session = InformationServiceSession(settings, group: group, logger: logger)
/// async let running: Void = session.run()
/// for await delivery in session.deliveries { print(delivery.station, delivery.seq) }
/// ```
public final class InformationServiceSession: Sendable {
    /// How items are delivered.
    public enum Mode: Hashable, Sendable {
        /// Headlines, at most once.
        case live
        /// A feed, at least once, with so many items unacknowledged at most (1…1000).
        case feed(window: Int)
    }

    /// What a session is told.
    public struct Settings: Sendable {
        /// How to log in.
        public var client: ClientConfiguration
        /// The component.
        public var component: JID
        /// `all`, or `stations/SERIAL`.
        public var node = "all"
        /// How items are delivered.
        public var mode = Mode.feed(window: 100)
        /// A feed is acknowledged after so many items…
        public var acknowledgeEvery = 50
        /// …or after so long, whichever comes first.
        public var acknowledgeAfter = Duration.milliseconds(500)
        /// Items that may wait to be taken in live mode; beyond it the oldest goes.
        public var queueLimit = 10_000
        /// Told at once of items that do not come, from a task of the session.
        public var noticed: (@Sendable (DeliveryNotice) -> Void)?

        /// A feed of all stations.
        public init(client: ClientConfiguration, component: JID) {
            self.client = client
            self.component = component
        }
    }

    private struct State {
        var connection: XMPPClientConnection?
        var subid: String?
        var acknowledged: String?
        var unacknowledged = 0
        var sessions = 0
        var tally = DeliveryTally()
    }

    let settings: Settings
    private let group: any EventLoopGroup
    private let logger: Logger
    private let backoff: Backoff
    private let queue: DeliveryQueue
    private let wakeAcknowledger = Signal()
    private let state = Mutex(State())

    /// Makes a session; ``run()`` begins it.
    public init(
        _ settings: Settings, group: any EventLoopGroup, logger: Logger, backoff: Backoff = Backoff()
    ) {
        self.settings = settings
        self.group = group
        self.logger = logger
        self.backoff = backoff
        queue = DeliveryQueue(limit: settings.queueLimit) { [wakeAcknowledger] in wakeAcknowledger.raise() }
    }

    /// Everything delivered, for one taker. An item counts as taken, and is acknowledged, when the next one is asked for.
    public var deliveries: AsyncStream<Delivery> { AsyncStream { [queue] in await queue.next() } }

    /// What has come so far, by station.
    public var tally: DeliveryTally { state.withLock { $0.tally } }
    /// The subscription, once there is one.
    public var subid: String? { state.withLock { $0.subid } }
    /// Logins that got as far as receiving.
    public var sessions: Int { state.withLock { $0.sessions } }
    /// The last item that the component knows to be taken.
    public var cursor: String? { state.withLock { $0.acknowledged } }

    /// Runs until the task is cancelled.
    public func run() async {
        let session = ClientSession(settings.client, group: group, logger: logger, backoff: backoff)
        await session.run { [self] connection in
            state.withLock { $0.connection = connection }
            defer { state.withLock { $0.connection = nil } }
            try await receive(over: connection)
        }
        queue.finish()
    }

    /// Asks the component (or `to`) over the present connection.
    public func ask(_ type: IQType, to: JID? = nil, _ payload: Element) async throws(ClientError) -> Stanza {
        guard let connection = state.withLock({ $0.connection }) else {
            throw ClientError(.closed, "the consumer is not connected")
        }
        return try await connection.request(type, to: to ?? settings.component, payload)
    }

    /// Ends the subscription; the cursor is gone with it.
    public func unsubscribe() async throws(ClientError) {
        var unsubscribe = Element(
            XMLName("unsubscribe", Namespaces.pubsub),
            ["node": settings.node, "jid": settings.client.jid.bare.description])
        unsubscribe["subid"] = subid
        _ = try await ask(.set, Element(XMLName("pubsub", Namespaces.pubsub), elements: [unsubscribe]))
        state.withLock { $0.subid = nil }
    }

    // MARK: One connection

    private func receive(over connection: XMPPClientConnection) async throws(ClientError) {
        try await connection.sendPresence()
        let subid = try await subscribe(over: connection)
        state.withLock { $0.subid = subid }
        if case .feed(let window) = settings.mode {
            // What waits here comes again from the cursor.
            queue.clear()
            state.withLock { $0.unacknowledged = 0 }
            let request = Resume(subid: subid, window: Int64(min(max(window, 1), 1000)))
            _ = try await connection.request(.set, to: settings.component, request.element)
        }
        state.withLock { $0.sessions += 1 }
        logger.info("subscription taken up", metadata: ["node": "\(settings.node)", "subid": "\(subid)"])
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.listen(connection) }
            if case .feed = settings.mode {
                tasks.addTask { await self.acknowledge(subid, over: connection) }
            }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private func subscribe(over connection: XMPPClientConnection) async throws(ClientError) -> String {
        let jid = settings.client.jid.bare.description
        var fields = [DataForm.Field("pubsub#deliver", values: ["1"])]
        switch settings.mode {
        case .live: fields.append(DataForm.Field("stationmaster#mode", values: ["live"]))
        case .feed(let window):
            fields.append(DataForm.Field("stationmaster#mode", values: ["feed"]))
            fields.append(DataForm.Field("stationmaster#window", values: [String(min(max(window, 1), 1000))]))
        }
        let form = DataForm(.submit, formType: Namespaces.pubsubSubscribeOptions, fields: fields)
        let request = Element(
            XMLName("pubsub", Namespaces.pubsub),
            elements: [
                Element(XMLName("subscribe", Namespaces.pubsub), ["node": settings.node, "jid": jid]),
                Element(XMLName("options", Namespaces.pubsub), elements: [form.element]),
            ])
        let answer = try await connection.request(.set, to: settings.component, request)
        let subscription = answer.payload?.firstChild(XMLName("subscription", Namespaces.pubsub))
        guard let subid = subscription?.attribute("subid") else {
            throw ClientError(.protocolViolation, "the component gave no subscription id")
        }
        return subid
    }

    private func listen(_ connection: XMPPClientConnection) async {
        for await stanza in connection.incoming {
            if stanza.request != nil {
                if let refusal = stanza.error(StanzaError(.serviceUnavailable)) { try? await connection.send(refusal) }
                continue
            }
            guard stanza.from?.domain == settings.component.domain else { continue }
            if stanza.kind == .presence, stanza.type == "subscribe", let from = stanza.from {
                try? await connection.sendPresence(type: "subscribed", to: from.bare)
            }
            if let notice = DeliveryNotice.read(stanza) { settings.noticed?(notice) }
            for delivery in Delivery.read(stanza) {
                state.withLock { state in
                    state.tally.take(delivery)
                    state.unacknowledged += 1
                }
                queue.add(delivery)
            }
        }
    }

    /// Acknowledges what is done with: every so many items, or after so long.
    private func acknowledge(_ subid: String, over connection: XMPPClientConnection) async {
        while !Task.isCancelled {
            await wakeAcknowledger.wait(for: nil)
            if state.withLock({ $0.unacknowledged }) < settings.acknowledgeEvery {
                try? await Task.sleep(for: settings.acknowledgeAfter)
            }
            guard !Task.isCancelled, let done = queue.done, done.item != cursor else { continue }
            state.withLock { $0.unacknowledged = 0 }
            do throws(ClientError) {
                // The answer may be lost with the component; the next acknowledgement says the same and more.
                _ = try await connection.request(
                    .set, to: settings.component, Ack(subid: subid, item: done.item).element, timeout: .seconds(5))
                state.withLock { $0.acknowledged = done.item }
            } catch {
                logger.warning("acknowledgement failed", metadata: ["reason": "\(error)"])
            }
        }
    }
}
