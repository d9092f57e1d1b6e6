// SPDX-License-Identifier: Apache-2.0
import Governance
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// `grant.add`, `grant.remove`, `grant.list`: who may see what, in effect at once and on record.
final class GrantCommands {
    private let state: InformationState
    private let twins: Twins

    init(state: InformationState, twins: Twins) {
        self.state = state
        self.twins = twins
    }

    func register(on core: inout CoreRegistry) {
        core.command("grant.add") { [self] in try add($0, $1) }
        core.command("grant.remove") { [self] in try remove($0, $1) }
        core.command("grant.list") { [self] arguments, _ in try list(arguments) }
    }

    // MARK: - Changes

    private func add(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let (consumer, scope) = try Self.subject(arguments)
        let answer: JSON = .object(["consumer": .string(consumer.description), "station": .string(scope.description)])
        if state.grants.grant(consumer, scope) != nil { return answer }
        let grant = Grant(
            consumer: consumer.description, scope: scope, since: try state.log.lastPosition(), at: context.now)
        try state.store.insert(grant)
        try record("grant added", grant, context)
        state.grants.add(grant, to: consumer)
        return answer
    }

    private func remove(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let (consumer, scope) = try Self.subject(arguments)
        guard let grant = state.grants.grant(consumer, scope) else {
            throw CommandError("not-found", "\(consumer) has no grant for \(scope)")
        }
        var left = state.grants
        left.remove(grant, of: consumer)
        let ended = state.subscriptions.subscriptions(of: consumer).filter { !Self.mayKeep($0, left[consumer]) }
        try state.store.remove(grant)
        try record("grant removed", grant, context)
        for subscription in ended { try end(subscription, context) }
        for number in twins.contacts.publishers(of: consumer) {
            guard let serial = state.publishers[number]?.record.serial, left[consumer].since(serial) == nil else {
                continue
            }
            try twins.drop(consumer, number, context)
        }
        state.grants = left
        for subscription in ended { state.subscriptions.remove(subscription) }
        return .object([
            "consumer": .string(consumer.description), "station": .string(scope.description),
            "subscriptionsEnded": .integer(Int64(ended.count)),
        ])
    }

    /// A subscription to `all` stays as long as there is any grant; one to a station needs a grant for it.
    private static func mayKeep(_ subscription: Subscription, _ granted: GrantTable.Consumer) -> Bool {
        guard let serial = subscription.node.serial else { return !granted.isEmpty }
        return granted.since(serial) != nil
    }

    /// Tells the subscriber that its subscription is gone (XEP-0060 §8.8.4).
    private func end(_ subscription: Subscription, _ context: CoreContext) throws {
        try state.store.removeSubscription(subscription.subid)
        let change = Element(
            PubSub.event("subscription"),
            [
                "node": subscription.node.description, "jid": subscription.jid.description,
                "subid": subscription.subid, "subscription": "none",
            ])
        context.send(
            .message(
                from: state.domain, to: subscription.jid,
                [Element(PubSub.event("event"), elements: [change])]))
        if let serial = subscription.node.serial {
            context.journal(
                serial, .delivery, "subscription ended", detail: "\(subscription.jid): not granted any more")
        }
    }

    private func record(_ action: String, _ grant: Grant, _ context: CoreContext) throws {
        try context.audit(
            actor: "console", action: action, subject: grant.consumer,
            detail: .object(["station": .string(grant.scope.description)]))
        if case .station(let serial) = grant.scope {
            context.journal(serial, .governance, action, detail: grant.consumer)
        }
    }

    private static func subject(_ arguments: JSONValue) throws -> (JID, Grant.Scope) {
        let text = try arguments.require("consumer").requireString()
        let consumer: JID
        do { consumer = try JID(text) } catch { throw CommandError("bad-request", "consumer: \(error)") }
        guard consumer.isBare else { throw CommandError("bad-request", "consumer: a bare JID, without a resource") }
        let station = try arguments.require("station").requireString()
        if station == "all" { return (consumer, .all) }
        do { return (consumer, .station(try Serial(station))) } catch {
            throw CommandError("bad-request", "station: \(error), or 'all'")
        }
    }

    // MARK: - List

    private func list(_ arguments: JSONValue) throws -> JSON {
        var grants = state.grants.sorted
        if let consumer = arguments["consumer"]?.string { grants = grants.filter { $0.consumer == consumer } }
        return try ListCommands.page(grants, arguments, "grants", key: { "\($0.consumer) \($0.scope)" }) { grant in
            .object([
                "consumer": .string(grant.consumer), "station": .string(grant.scope.description),
                "at": .number(grant.at.seconds),
            ])
        }
    }
}
