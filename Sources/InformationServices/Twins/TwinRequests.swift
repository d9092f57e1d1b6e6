// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

extension Twins {
    /// The station behind an address, if it is a twin's.
    func publisher(at address: JID?) -> Publisher? {
        guard let localpart = address?.localpart, let serial = try? Serial(localpart) else { return nil }
        return state.publishers.publisher(serial)
    }

    /// The station that a request to a twin is about. Unknown and not granted are the same refusal.
    private func granted(_ stanza: Stanza) throws(StanzaError) -> Publisher {
        guard stanza.to?.localpart != nil else { throw StanzaError(.serviceUnavailable, "only stations answer this") }
        guard let from = stanza.from, let publisher = publisher(at: stanza.to),
            state.mayObserve(from.bare, publisher.record.serial)
        else { throw .notAllowed }
        return publisher
    }

    // MARK: - Subscriptions (RFC 6121 §3) and probes (§4.3)

    func receivedPresence(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let to = stanza.to, to.localpart != nil, to.domain == state.domain.domain, let from = stanza.from else {
            return
        }
        switch stanza.type {
        case "subscribe": try subscribe(from.bare, to.bare, context)
        case "unsubscribe": try unsubscribe(from.bare, to.bare, context)
        case "probe": try probe(from, to.bare, context)
        default: break
        }
    }

    private func subscribe(_ consumer: JID, _ address: JID, _ context: CoreContext) throws {
        guard let publisher = publisher(at: address), publisher.record.state != .retired,
            state.mayObserve(consumer, publisher.record.serial)
        else { return context.send(.presence(type: "unsubscribed", from: address, to: consumer)) }
        let contact = ContactRecord(publisher: publisher.record.number, consumer: consumer)
        let isNew = !contacts.has(contact)
        if isNew { try state.store.insert(contact) }
        context.send(.presence(type: "subscribed", from: address, to: consumer))
        try show(publisher, to: consumer, context)
        guard isNew else { return }
        context.journal(publisher.record.serial, .governance, "contact added", detail: consumer.description)
        contacts.add(contact)
    }

    private func unsubscribe(_ consumer: JID, _ address: JID, _ context: CoreContext) throws {
        if let publisher = publisher(at: address) {
            let contact = ContactRecord(publisher: publisher.record.number, consumer: consumer)
            if contacts.has(contact) {
                try state.store.remove(contact)
                context.journal(publisher.record.serial, .governance, "contact removed", detail: consumer.description)
                contacts.remove(contact)
                // RFC 6121 §3.3.3: what was shown as online is not any more.
                if let shown = twin(publisher.record.serial, resource: Self.resource) {
                    context.send(.presence(type: "unavailable", from: shown, to: consumer))
                }
            }
        }
        context.send(.presence(type: "unsubscribed", from: address, to: consumer))
    }

    private func probe(_ from: JID, _ address: JID, _ context: CoreContext) throws {
        guard let publisher = publisher(at: address), state.mayObserve(from.bare, publisher.record.serial),
            contacts.has(ContactRecord(publisher: publisher.record.number, consumer: from.bare))
        else { return context.send(.presence(type: "unsubscribed", from: address, to: from.bare)) }
        try show(publisher, to: from, context)
    }

    /// The consumer may no longer see the station: it goes from the roster of both sides.
    func drop(_ consumer: JID, _ number: Int64, _ context: CoreContext) throws {
        let contact = ContactRecord(publisher: number, consumer: consumer)
        guard contacts.has(contact), let serial = state.publishers[number]?.record.serial else { return }
        try state.store.remove(contact)
        if let shown = twin(serial, resource: Self.resource) {
            context.send(.presence(type: "unavailable", from: shown, to: consumer))
            context.send(.presence(type: "unsubscribed", from: shown.bare, to: consumer))
        }
        contacts.remove(contact)
    }

    // MARK: - Requests

    func version(_ stanza: Stanza, _ context: CoreContext) throws {
        let publisher = try granted(stanza)
        let firmware = try firmwareVersion(publisher.record.serial)
        let answer = SoftwareVersion(name: "Weather station", version: firmware ?? "unknown")
        context.reply(to: stanza, answer.element)
    }

    /// Seconds since the last report (XEP-0012).
    func lastActivity(_ stanza: Stanza, _ context: CoreContext) throws {
        let publisher = try granted(stanza)
        guard let last = publisher.record.lastReport else {
            throw StanzaError(.itemNotFound, "the station has not reported yet")
        }
        let seconds = max(0, context.now.milliseconds(since: last)) / 1000
        context.reply(to: stanza, LastActivity.element(seconds: seconds))
    }

    /// Who a twin is (XEP-0030).
    func information(_ stanza: Stanza, _ context: CoreContext) throws {
        let publisher = try granted(stanza)
        try Self.hasNoNode(stanza)
        let identity = DiscoInfo.Identity(
            category: "client", type: "bot", name: "Weather station \(publisher.record.serial)")
        let features = [
            Namespaces.discoInfo, Namespaces.discoItems, Namespaces.lastActivity, Namespaces.ping, Namespaces.version,
        ]
        context.reply(to: stanza, DiscoInfo(identities: [identity], features: features).element)
    }

    /// A twin has no items.
    func items(_ stanza: Stanza, _ context: CoreContext) throws {
        _ = try granted(stanza)
        try Self.hasNoNode(stanza)
        context.reply(to: stanza, DiscoItems().element)
    }

    /// A twin has no nodes (XEP-0030 §3.2).
    private static func hasNoNode(_ stanza: Stanza) throws(StanzaError) {
        guard stanza.payload?.attribute("node")?.isEmpty ?? true else {
            throw StanzaError(.itemNotFound, "there is no such node")
        }
    }
}
