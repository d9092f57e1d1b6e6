// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

// XEP-0060 §6.5.
extension PubSubService {
    func items(_ request: Request, _ context: CoreContext) throws {
        let node = try node(request)
        let asked = try RSMRequest.parse(in: request.pubsub)
        let ids = request.action.children.filter { $0.isNamed(PubSub.name("item")) }
        let entries: [LogEntry]
        if !ids.isEmpty {
            entries = try byIdentifier(ids, node, request)
        } else {
            entries = try page(node, request, asked)
        }
        let items = Element(
            PubSub.name("items"), ["node": node.description], elements: entries.compactMap { item($0) })
        var children = [items]
        if ids.isEmpty && (asked != nil || !entries.isEmpty) {
            let first = entries.first.map { state.item($0.position) }
            children.append(RSMResult(first: first, last: entries.last.map { state.item($0.position) }).element)
        }
        reply(request, context, children)
    }

    /// The items that the request names, in its order; those that there are not are left out.
    private func byIdentifier(_ ids: [XMLElement], _ node: PubSubNode, _ request: Request) throws -> [LogEntry] {
        let reading = ItemsPage(state: state, node: node, consumer: request.consumer, limit: ids.count)
        var entries: [LogEntry] = []
        var bytes = state.configuration.itemsBytes
        for element in ids.prefix(state.configuration.pageLimit) where bytes > 0 {
            guard let id = element.attribute("id").flatMap({ ItemIdentifier($0) }), id.epoch == state.epoch,
                let entry = try state.log.entry(at: id.position), reading.isVisible(entry)
            else { continue }
            bytes -= entry.body.count
            entries.append(entry)
        }
        return entries
    }

    private func page(_ node: PubSubNode, _ request: Request, _ asked: RSMRequest?) throws -> [LogEntry] {
        var limit = asked?.max ?? (asked == nil ? state.configuration.itemsDefault : state.configuration.pageLimit)
        if let text = request.action.attribute("max_items") {
            guard let number = Int(text), number > 0 else {
                throw StanzaError(.badRequest, "'max_items' is a number of 1 or more")
            }
            limit = asked?.max.map { min($0, number) } ?? number
        }
        limit = min(limit, state.configuration.pageLimit)
        guard limit > 0 else { return [] }
        let reading = ItemsPage(state: state, node: node, consumer: request.consumer, limit: limit)
        if asked?.index != nil { throw StanzaError(.featureNotImplemented, "items are not counted; page by their ids") }
        if let after = asked?.after { return try reading.following(try position(after)) }
        if let before = asked?.before, !before.isEmpty { return try reading.newest(before: try position(before)) }
        // From the beginning when paging forward is asked for, else the newest.
        if asked != nil && asked?.before == nil && request.action.attribute("max_items") == nil {
            return try reading.following(0)
        }
        return try reading.newest()
    }

    private func position(_ id: String) throws(StanzaError) -> Int64 {
        guard let id = ItemIdentifier(id), id.epoch == state.epoch else {
            throw StanzaError(.itemNotFound, "no item has this id")
        }
        return id.position
    }

    /// `<item id='…' publisher='…'><report>…</report></item>` with the text as received.
    private func item(_ entry: LogEntry) -> Element? {
        guard let publisher = state.publishers[entry.publisher]?.record else { return nil }
        let json = Element(XMLName("json", Namespaces.json), text: String(decoding: entry.body, as: UTF8.self))
        return Element(
            PubSub.name("item"), ["id": state.item(entry.position), "publisher": publisher.jid.description],
            elements: [Element(XMLName("report", Namespaces.stationmaster), elements: [json])])
    }
}
