// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

/// XEP-0060 on the component's domain, for those who consume: nodes are `all` and `stations/SERIAL`, items are reports,
/// and the only publishers are the stations, by their reports.
final class PubSubService {
    let state: InformationState
    let reader: LogReader
    let trials: Trials
    /// Called when the options of a feed have changed.
    let restartFeed: (Subscription, CoreContext) -> Void
    /// What may still be read in this batch, and whether some of it was used.
    var budget = ReadingBudget()
    var isBudgetUsed = false
    /// Pages that are read in several batches.
    var pagesUnderWay = 0

    init(state: InformationState, trials: Trials, restartFeed: @escaping (Subscription, CoreContext) -> Void) {
        self.state = state
        self.trials = trials
        self.restartFeed = restartFeed
        reader = LogReader(state: state)
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.get, PubSub.payload) { [self] in try get($0, $1) }
        core.iq(.set, PubSub.payload) { [self] in try set($0, $1) }
        core.iq(.get, PubSub.ownerPayload) { [self] in try owner($0, $1) }
        core.iq(.set, PubSub.ownerPayload) { [self] in try owner($0, $1) }
    }

    /// One request with what all of them need.
    struct Request {
        let stanza: Stanza
        /// `<pubsub/>`.
        let pubsub: XMLElement
        /// Its first child, which says what is asked.
        let action: XMLElement
        let from: JID
        /// The bare JID whose grants count.
        let consumer: JID
    }

    private func request(_ stanza: Stanza) throws(StanzaError) -> Request {
        guard stanza.to?.localpart == nil else { throw StanzaError(.serviceUnavailable, "stations have no nodes") }
        guard let from = stanza.from, let pubsub = stanza.payload, let action = pubsub.firstChild,
            action.namespace == pubsub.namespace
        else { throw StanzaError(.badRequest, "nothing is asked") }
        return Request(stanza: stanza, pubsub: pubsub, action: action, from: from, consumer: from.bare)
    }

    private func get(_ stanza: Stanza, _ context: CoreContext) throws {
        let request = try request(stanza)
        switch request.action.localName {
        case "subscriptions": try subscriptions(request, context)
        case "affiliations": try affiliations(request, context)
        case "items": try items(request, context)
        case "options": try options(request, context)
        case "default": try defaultOptions(request, context)
        default: throw PubSub.unsupported(Self.feature(of: request.action.localName))
        }
    }

    private func set(_ stanza: Stanza, _ context: CoreContext) throws {
        let request = try request(stanza)
        switch request.action.localName {
        case "subscribe": try subscribe(request, context)
        case "unsubscribe": try unsubscribe(request, context)
        case "options": try setOptions(request, context)
        default: throw PubSub.unsupported(Self.feature(of: request.action.localName))
        }
    }

    /// Nodes are made with the stations: nobody owns them over XMPP.
    private func owner(_ stanza: Stanza, _ context: CoreContext) throws {
        let request = try request(stanza)
        switch request.action.localName {
        case "affiliations": throw PubSub.unsupported("modify-affiliations")
        case "subscriptions": throw PubSub.unsupported("manage-subscriptions")
        case "configure": throw PubSub.unsupported("config-node")
        case "default": throw PubSub.unsupported("retrieve-default")
        case "delete": throw PubSub.unsupported("delete-nodes")
        case "purge": throw PubSub.unsupported("purge-nodes")
        default: throw StanzaError(.featureNotImplemented, "the service does not do this")
        }
    }

    private static func feature(of action: String) -> String {
        switch action {
        case "create": "create-nodes"
        case "configure": "config-node"
        case "retract": "retract-items"
        default: action
        }
    }

    // MARK: - What requests have in common

    /// The node that a request names, if the consumer may see it. Who may not, learns not even whether it exists.
    ///
    /// - Throws: `bad-request` with `nodeid-required`, `item-not-found`, `forbidden`.
    func node(_ request: Request) throws(StanzaError) -> PubSubNode {
        guard let name = request.action.attribute("node"), !name.isEmpty else {
            throw PubSub.error(.badRequest, "'node' is missing", "nodeid-required")
        }
        return try node(name, for: request.consumer)
    }

    func node(_ name: String, for consumer: JID) throws(StanzaError) -> PubSubNode {
        let granted = state.grants[consumer]
        guard !granted.isEmpty else { throw .notAllowed }
        guard let node = PubSubNode(name) else { throw StanzaError(.itemNotFound, "there is no such node") }
        guard let serial = node.serial else { return node }
        guard granted.since(serial) != nil else { throw .notAllowed }
        guard let publisher = state.publishers.publisher(serial) else {
            throw StanzaError(.itemNotFound, "there is no such node")
        }
        return .station(publisher.record.serial)
    }

    /// The address that a request is for: the sender's own, bare or full.
    ///
    /// - Throws: `bad-request` with `jid-required`; `other` if it is somebody else's.
    func subscriber(_ request: Request, other: StanzaError) throws(StanzaError) -> JID {
        guard let text = request.action.attribute("jid"), !text.isEmpty else {
            throw PubSub.error(.badRequest, "'jid' is missing", "jid-required")
        }
        guard let jid = try? JID(text) else {
            throw StanzaError(.jidMalformed, "'jid' is not an address")
        }
        guard jid == request.consumer || jid == request.from || jid.bare == request.consumer else { throw other }
        return jid
    }

    /// The subscription that a request names by node, jid and perhaps subid.
    func subscription(_ request: Request) throws(StanzaError) -> Subscription {
        guard let name = request.action.attribute("node"), !name.isEmpty else {
            throw PubSub.error(.badRequest, "'node' is missing", "nodeid-required")
        }
        let jid = try subscriber(request, other: StanzaError(.forbidden, "the subscription is not yours"))
        guard let node = PubSubNode(name) else { throw StanzaError(.itemNotFound, "there is no such node") }
        guard let subscription = state.subscriptions.subscription(node, jid) else { throw PubSub.notSubscribed }
        if let subid = request.action.attribute("subid"), subid != subscription.subid {
            throw PubSub.error(.notAcceptable, "the subid is another one", "invalid-subid")
        }
        return subscription
    }

    func reply(_ request: Request, _ context: CoreContext, _ children: [Element] = []) {
        context.reply(
            to: request.stanza, children.isEmpty ? nil : Element(PubSub.payload, elements: children))
    }
}
