// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// Writes a report as an item: encoded once for each node name, then copied to each subscriber. It keeps its memory from
/// one report to the next.
struct ItemWriter {
    private let domain: String
    /// The event for subscriptions to `all`, and the one for those to the station; empty until it is needed.
    private var toAll = XMLWriter(defaultNamespace: Namespaces.component)
    private var toStation = XMLWriter(defaultNamespace: Namespaces.component)
    private var serial: [UInt8] = []
    private var publisher: [UInt8] = []
    private var id: [UInt8] = []
    private var isLate = false
    private let punctual: Patterns
    private let late: Patterns

    /// What an item looks like on the nodes.
    private struct Patterns {
        let all: PreparedPattern?
        let station: PreparedPattern?

        init(isLate: Bool) {
            all = ItemWriter.pattern(PubSubNode.all.description, isLate: isLate, holes: ["{id}", "{publisher}", "{body}"])
            station = ItemWriter.pattern(
                PubSubNode.stationPrefix + "{serial}", isLate: isLate,
                holes: ["{serial}", "{id}", "{publisher}", "{body}"])
        }
    }

    /// `domain` is the component's own address.
    init(domain: String) {
        self.domain = domain
        punctual = Patterns(isLate: false)
        late = Patterns(isLate: true)
    }

    /// `<event><items node=…><item id=… publisher=…><report><json>…</json></report></item></items></event>`; the report has
    /// `late='true'` if one with a higher number was stored before it.
    private static func pattern(_ node: String, isLate: Bool, holes: [String]) -> PreparedPattern? {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("event", namespace: Namespaces.pubsubEvent)
        writer.start("items", namespace: Namespaces.pubsubEvent)
        writer.attribute("node", node)
        writer.start("item", namespace: Namespaces.pubsubEvent)
        writer.attribute("id", "{id}")
        writer.attribute("publisher", "{publisher}")
        writer.start("report", namespace: Namespaces.stationmaster)
        if isLate { writer.attribute("late", "true") }
        writer.start("json", namespace: Namespaces.json)
        writer.text("{body}")
        return PreparedPattern(writer.finish(), holes: holes)
    }

    /// Turns to another report.
    mutating func begin(epoch: Int64, position: Int64, isLate: Bool, _ number: Int64, in directory: StationDirectory) {
        self.isLate = isLate
        toAll.removeAll(keepingCapacity: true)
        toStation.removeAll(keepingCapacity: true)
        id.removeAll(keepingCapacity: true)
        DecimalDigits.append(epoch, to: &id)
        id.append(UInt8(ascii: "-"))
        DecimalDigits.append(position, to: &id)
        publisher.removeAll(keepingCapacity: true)
        serial.removeAll(keepingCapacity: true)
        directory.appendNames(of: Int(number &- 1), serial: &serial, jid: &publisher)
    }

    /// The message for a subscription: a headline, or an item of a feed to whoever takes it.
    mutating func write(to subscription: Subscription, _ body: UnsafeBufferPointer<UInt8>, into writer: inout XMLWriter) {
        let isToAll: Bool
        switch subscription.node {
        case .all:
            isToAll = true
            prepareForAll(body)
        case .station:
            isToAll = false
            prepareForStation(body)
        }
        switch subscription.options.mode {
        case .live:
            guard let head = subscription.liveHead(from: domain) else { return }
            if isToAll { writer.raw(head, contentOf: toAll) } else { writer.raw(head, contentOf: toStation) }
        case .feed:
            guard let taker = subscription.feed.taker else { return }
            writer.start("message", namespace: nil)
            writer.attribute("from", domain)
            writer.attribute("to", taker.description)
            writer.attribute("type", "normal")
            writer.attribute("id", String(decoding: id, as: UTF8.self))
            if isToAll { writer.raw(contentOf: toAll) } else { writer.raw(contentOf: toStation) }
            writer.raw(subscription.feedTail())
            writer.end()
        }
    }
}

extension ItemWriter {
    /// The headlines to some live subscriptions to `all`.
    mutating func write(
        _ heads: PreparedHeads, _ range: Range<Int>, _ body: UnsafeBufferPointer<UInt8>, into writer: inout XMLWriter
    ) {
        prepareForAll(body)
        writer.raw(heads, range, contentOf: toAll)
    }

    private mutating func prepareForAll(_ body: UnsafeBufferPointer<UInt8>) {
        guard toAll.count == 0, let pattern = isLate ? late.all : punctual.all else { return }
        id.withUnsafeBufferPointer { id in
            publisher.withUnsafeBufferPointer { _ = toAll.raw(pattern, id, $0, body) }
        }
    }

    private mutating func prepareForStation(_ body: UnsafeBufferPointer<UInt8>) {
        guard toStation.count == 0, let pattern = isLate ? late.station : punctual.station else { return }
        id.withUnsafeBufferPointer { id in
            serial.withUnsafeBufferPointer { serial in
                publisher.withUnsafeBufferPointer { _ = toStation.raw(pattern, serial, id, $0, body) }
            }
        }
    }
}

/// Whole numbers as text without a String.
enum DecimalDigits {
    /// Appends a number from 0 on; a negative one as 0.
    static func append(_ number: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(max(0, number))
        var first = bytes.count
        repeat {
            bytes.append(UInt8(truncatingIfNeeded: 48 &+ rest % 10))
            rest /= 10
        } while rest > 0
        // The last digit came first.
        var last = bytes.count &- 1
        while first < last {
            bytes.swapAt(first, last)
            first &+= 1
            last &-= 1
        }
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
