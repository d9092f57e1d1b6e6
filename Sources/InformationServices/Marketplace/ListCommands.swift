// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import XMPPCore

/// `subscription.list`, and how lists of commands are paged: `limit`, and `after` with what the page before
/// gave as `next`.
final class ListCommands {
    private let state: InformationState
    static let limits: ClosedRange<Int64> = 1...1000

    init(state: InformationState) { self.state = state }

    func register(on core: inout CoreRegistry) {
        core.command("subscription.list") { [self] arguments, _ in try subscriptions(arguments) }
    }

    private func subscriptions(_ arguments: JSONValue) throws -> JSON {
        try Self.page(state.subscriptions.sorted, arguments, "subscriptions", key: \.subid) { [state] subscription in
            let feed = subscription.feed
            let isFeed = subscription.options.mode == .feed
            return .object([
                "subid": .string(subscription.subid), "jid": .string(subscription.jid.description),
                "node": .string(subscription.node.description), "mode": .string(subscription.options.mode.rawValue),
                "created": .number(subscription.created.seconds),
                "cursor": isFeed && feed.cursor > 0 ? .string(state.item(feed.cursor)) : nil,
                "taker": feed.taker.map { .string($0.description) },
                "unacknowledged": isFeed ? .integer(Int64(feed.unacknowledged.count)) : nil,
            ])
        }
    }

    /// A page of a list in the order of its keys.
    static func page<Item>(
        _ items: [Item], _ arguments: JSONValue, _ member: String, key: (Item) -> String, _ json: (Item) -> JSON
    ) throws -> JSON {
        let limit = Int(clamping: try arguments["limit"]?.requireInt64(in: limits) ?? 1000)
        var rest = items[...]
        if let after = try arguments["after"]?.requireString() {
            guard let index = items.firstIndex(where: { key($0) == after }) else {
                throw CommandError("not-found", "the list has no such place")
            }
            rest = items[(index + 1)...]
        }
        let page = rest.prefix(limit)
        let next = page.count < rest.count ? page.last.map(key) : nil
        return .object([
            .init(member, .array(page.map(json)))
        ] + (next.map { [.init("next", .string($0))] } ?? []))
    }
}
