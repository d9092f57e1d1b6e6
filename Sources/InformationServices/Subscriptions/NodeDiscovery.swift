// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

/// XEP-0030 for what the core knows: the nodes that the asker may see, and the twins.
final class NodeDiscovery {
    private let state: InformationState
    private let service: PubSubService
    private let twins: Twins

    init(state: InformationState, service: PubSubService, twins: Twins) {
        self.state = state
        self.service = service
        self.twins = twins
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.get, DiscoItems.payload) { [self] in try items($0, $1) }
        core.iq(.get, DiscoInfo.payload) { [self] in try information($0, $1) }
    }

    /// XEP-0060 §5.2 and §5.5. A consumer without a grant sees nothing.
    private func items(_ stanza: Stanza, _ context: CoreContext) throws {
        if stanza.to?.localpart != nil { return try twins.items(stanza, context) }
        guard let query = stanza.payload, let from = stanza.from else { throw StanzaError(.badRequest, "no payload") }
        if let name = query.attribute("node"), !name.isEmpty {
            _ = try service.node(name, for: from.bare)
            // The items of a node are asked for by pubsub.
            return context.reply(to: stanza, DiscoItems(node: name).element)
        }
        let page = try service.visibleNodes(from.bare, try RSMRequest.parse(in: query))
        let items = page.items.map { node in
            DiscoItems.Item(jid: state.domain, node: node.description, name: Self.title(node))
        }
        context.reply(to: stanza, DiscoItems(items: items, page: page.result).element)
    }

    /// XEP-0060 §5.3.
    private func information(_ stanza: Stanza, _ context: CoreContext) throws {
        if stanza.to?.localpart != nil { return try twins.information(stanza, context) }
        guard let from = stanza.from, let name = stanza.payload?.attribute("node") else {
            throw StanzaError(.badRequest, "no node")
        }
        let node = try service.node(name, for: from.bare)
        let metadata = DataForm(
            .result, formType: Namespaces.pubsub + "#meta-data",
            fields: [
                DataForm.Field("pubsub#title", .textSingle, values: [Self.title(node)]),
                DataForm.Field("pubsub#type", .textSingle, values: [Namespaces.stationmaster]),
            ])
        context.reply(
            to: stanza,
            DiscoInfo(
                node: name,
                identities: [DiscoInfo.Identity(category: "pubsub", type: "leaf", name: Self.title(node))],
                features: [Namespaces.pubsub] + PubSub.features, forms: [metadata]
            ).element)
    }

    private static func title(_ node: PubSubNode) -> String {
        switch node {
        case .all: "All stations"
        case .station(let serial): "Weather station \(serial)"
        }
    }
}
