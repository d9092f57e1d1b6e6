// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

// XEP-0060 §5.6 and §5.7, paged by XEP-0059.
extension PubSubService {
    func subscriptions(_ request: Request, _ context: CoreContext) throws {
        let asked = try RSMRequest.parse(in: request.pubsub)
        var chosen = state.subscriptions.subscriptions(of: request.consumer)
        let name = request.action.attribute("node")
        if let name {
            let node = try node(name, for: request.consumer)
            chosen = chosen.filter { $0.node == node }
        }
        let sorted = chosen.sorted { $0.subid < $1.subid }
        let page = try ListPage(
            count: sorted.count, asked, limit: state.configuration.pageLimit, item: { sorted[$0] }, id: \.subid,
            find: { subid in sorted.firstIndex { $0.subid == subid } })
        let list = Element(
            PubSub.name("subscriptions"), ["node": name], elements: page.items.map(\.element))
        reply(request, context, [list] + page.sets)
    }

    /// Who is granted is a member; of a node that is asked for by name and not granted, an outcast.
    func affiliations(_ request: Request, _ context: CoreContext) throws {
        let asked = try RSMRequest.parse(in: request.pubsub)
        let name = request.action.attribute("node")
        if let name {
            let isMember = (try? node(name, for: request.consumer)) != nil
            let one = Element(
                PubSub.name("affiliation"), ["node": name, "affiliation": isMember ? "member" : "outcast"])
            return reply(request, context, [Element(PubSub.name("affiliations"), ["node": name], elements: [one])])
        }
        let page = try visibleNodes(request.consumer, asked)
        let list = Element(
            PubSub.name("affiliations"),
            elements: page.items.map {
                Element(PubSub.name("affiliation"), ["node": $0.description, "affiliation": "member"])
            })
        reply(request, context, [list] + page.sets)
    }

    /// The nodes that a consumer may see: `all` first, then the stations by folded serial.
    func visibleNodes(_ consumer: JID, _ asked: RSMRequest?) throws(StanzaError) -> ListPage<PubSubNode> {
        let granted = state.grants[consumer]
        var numbers: [Int64] = []
        if granted.all != nil {
            numbers = state.publishers.inOrder()
        } else {
            numbers = granted.stations.keys.sorted().compactMap { state.publishers.number(of: $0) }
        }
        return try ListPage(
            count: granted.isEmpty ? 0 : numbers.count + 1, asked, limit: state.configuration.pageLimit,
            item: { [state] index in
                guard index > 0, let publisher = state.publishers[numbers[index - 1]] else { return .all }
                return .station(publisher.record.serial)
            },
            id: \.description,
            find: { [state] name in
                guard let serial = PubSubNode(name)?.serial else { return name == "all" ? 0 : nil }
                let place = state.publishers.place(of: serial, in: numbers)
                let isThere = place < numbers.count && state.publishers[numbers[place]]?.record.serial == serial
                return isThere ? place + 1 : nil
            })
    }
}
