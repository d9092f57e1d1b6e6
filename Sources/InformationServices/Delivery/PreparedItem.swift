// SPDX-License-Identifier: Apache-2.0
import StationProtocol
import XMLStream
import XMPPCore

/// A report as an item, encoded once for each node name and kind of delivery and then copied to each subscriber.
struct PreparedItem {
    private let id: String
    private let publisher: String
    private let station: PubSubNode
    private let report: PreparedXML
    private var toAll: PreparedXML?
    private var toStation: PreparedXML?

    /// `body` is the JSON text as received.
    init(id: String, station: PubSubNode, publisher: JID, body: [UInt8]) {
        self.id = id
        self.station = station
        self.publisher = publisher.description
        report = Self.report(body)
    }

    /// `<report><json>…</json></report>` with the bytes as received.
    static func report(_ body: [UInt8]) -> PreparedXML {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("report", namespace: Namespaces.stationmaster)
        writer.start("json", namespace: Namespaces.json)
        body.withUnsafeBufferPointer { writer.text(bytes: $0) }
        writer.end()
        writer.end()
        return writer.finish()
    }

    /// The message for a subscription: a headline, or an item of a feed to whoever takes it.
    mutating func write(to subscription: Subscription, from domain: String, into writer: inout XMLWriter) {
        let event = event(subscription.node)
        switch subscription.options.mode {
        case .live:
            if let head = subscription.liveHead(from: domain) { writer.raw(head, event) }
        case .feed:
            guard let taker = subscription.feed.taker else { return }
            writer.start("message", namespace: nil)
            writer.attribute("from", domain)
            writer.attribute("to", taker.description)
            writer.attribute("type", "normal")
            writer.attribute("id", id)
            writer.raw(event)
            writer.raw(subscription.feedTail())
            writer.end()
        }
    }

    private mutating func event(_ node: PubSubNode) -> PreparedXML {
        switch node {
        case .all:
            if let toAll { return toAll }
            let made = encode(node)
            toAll = made
            return made
        case .station:
            if let toStation { return toStation }
            let made = encode(station)
            toStation = made
            return made
        }
    }

    private func encode(_ node: PubSubNode) -> PreparedXML {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("event", namespace: Namespaces.pubsubEvent)
        writer.start("items", namespace: Namespaces.pubsubEvent)
        writer.attribute("node", node.description)
        writer.start("item", namespace: Namespaces.pubsubEvent)
        writer.attribute("id", id)
        writer.attribute("publisher", publisher)
        writer.raw(report)
        writer.end()
        writer.end()
        writer.end()
        return writer.finish()
    }
}

extension Subscription {
    /// The start tag of each headline to this subscriber, made once.
    func liveHead(from domain: String) -> PreparedHead? {
        if let preparedHead { return preparedHead }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("message", namespace: nil)
        writer.attribute("from", domain)
        writer.attribute("to", jid.description)
        writer.attribute("type", "headline")
        preparedHead = writer.finishHead()
        return preparedHead
    }

    /// What stands behind the event in each item of this feed, made once: servers must not store it, and the consumer
    /// is to know which feed it is.
    func feedTail() -> PreparedXML {
        if let preparedTail { return preparedTail }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("no-store", namespace: Namespaces.hints)
        writer.end()
        writer.start("feed", namespace: Namespaces.stationmaster)
        writer.attribute("subid", subid)
        writer.end()
        let made = writer.finish()
        preparedTail = made
        return made
    }
}
