// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

// XEP-0060 §6.1 to §6.4.
extension PubSubService {
    func subscribe(_ request: Request, _ context: CoreContext) throws {
        let jid = try subscriber(
            request, other: PubSub.error(.badRequest, "'jid' is not the sender's", "invalid-jid"))
        let node = try node(request)
        let form = try optionsForm(request)
        if let existing = state.subscriptions.subscription(node, jid) {
            // XEP-0060 §6.1.1: a second request of the same kind gets the subscription that there is.
            let options = try form.map { form throws(StanzaError) in try existing.options.changed(by: form) }
            if let options {
                // A tool that subscribes to have a look must not turn a feed in production into headlines.
                guard options.mode == existing.options.mode else {
                    throw StanzaError(
                        .conflict, "the subscription is \(existing.options.mode.rawValue); its mode is changed by options only")
                }
                try change(existing, options, context)
            }
            return reply(request, context, [existing.element])
        }
        let count = state.subscriptions.subscriptions(of: request.consumer).count
        guard count < state.configuration.subscriptionsPerConsumer else {
            throw PubSub.error(.policyViolation, "too many subscriptions", "too-many-subscriptions")
        }
        var options = SubscriptionOptions()
        if let form { options = try options.changed(by: form) }
        let record = SubscriptionRecord(
            subid: Self.hex(context.randomBytes(16)), node: node, jid: jid, options: options,
            cursor: try state.log.lastPosition(), created: context.now)
        try state.store.insert(record)
        let subscription = Subscription(record)
        reply(request, context, [subscription.element])
        if let serial = node.serial {
            context.journal(
                serial, .delivery, "subscription made", detail: "\(jid), \(options.mode.rawValue), \(record.subid)")
        }
        state.subscriptions.add(subscription)
    }

    func unsubscribe(_ request: Request, _ context: CoreContext) throws {
        let subscription = try subscription(request)
        try state.store.removeSubscription(subscription.subid)
        reply(request, context)
        if let serial = subscription.node.serial {
            context.journal(serial, .delivery, "subscription ended", detail: subscription.jid.description)
        }
        state.subscriptions.remove(subscription)
    }

    func options(_ request: Request, _ context: CoreContext) throws {
        let subscription = try subscription(request)
        reply(request, context, [
            Element(
                PubSub.name("options"),
                [
                    "node": subscription.node.description, "jid": subscription.jid.description,
                    "subid": subscription.subid,
                ],
                elements: [subscription.options.form.element])
        ])
    }

    func setOptions(_ request: Request, _ context: CoreContext) throws {
        let subscription = try subscription(request)
        guard let form = DataForm.child(of: request.action) else {
            throw PubSub.error(.badRequest, "there is no form", "invalid-options")
        }
        if form.kind != .cancel {
            try change(subscription, try subscription.options.changed(by: form), context)
        }
        reply(request, context)
    }

    func defaultOptions(_ request: Request, _ context: CoreContext) throws {
        if request.action.attribute("node") != nil { _ = try node(request) }
        reply(request, context, [
            Element(
                PubSub.name("default"), ["node": request.action.attribute("node")],
                elements: [SubscriptionOptions().form.element])
        ])
    }

    /// `<options/>` beside `<subscribe/>` (XEP-0060 §6.3.7).
    private func optionsForm(_ request: Request) throws(StanzaError) -> DataForm? {
        guard let options = request.pubsub.firstChild(PubSub.name("options")) else { return nil }
        guard let form = DataForm.child(of: options) else {
            throw PubSub.error(.badRequest, "there is no form", "invalid-options")
        }
        return form.kind == .cancel ? nil : form
    }

    /// A feed that becomes live loses its taker and keeps its cursor, so that it goes on from there as a feed again.
    private func change(
        _ subscription: Subscription, _ options: SubscriptionOptions, _ context: CoreContext
    ) throws {
        guard options != subscription.options else { return }
        var record = subscription.record
        let changesMode = options.mode != record.options.mode
        record.options = options
        if changesMode { record.taker = nil }
        try state.store.update(record)
        state.subscriptions.setTaker(of: subscription) { feed in
            if changesMode {
                feed = Feed(cursor: record.cursor, window: options.window)
            } else {
                feed.rewind(window: options.window)
            }
        }
        subscription.options = options
        state.subscriptions.changed(subscription)
        restartFeed(subscription, context)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

extension DataForm {
    static func child(of element: XMLElement) -> DataForm? {
        element.firstChild(DataForm.payload).flatMap { DataForm($0) }
    }
}
