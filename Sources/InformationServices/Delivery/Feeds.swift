// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// Feeds: at least once, in order per station, from a cursor that only the consumer moves.
///
/// The cursor is the only thing on disk. What was sent is memory; whenever it may be lost (a new taker, a new link, a
/// chunk that the link did not take, a restart) the feed starts again from its cursor. Duplicates carry the same
/// item id.
final class Feeds {
    private let state: InformationState
    private let reader: LogReader
    private var item: ItemWriter
    /// Chunks that the link had refused when we last looked.
    private var refusedChunks = 0
    /// Feeds that were set back outside of a request and wait for one to be started again; those of them that were
    /// started meanwhile do not say ``Subscription/isWaiting``.
    private var waiting: [Subscription] = []
    private let quarantine: Quarantine
    let trials: Trials

    init(state: InformationState, quarantine: Quarantine, trials: Trials) {
        self.state = state
        self.quarantine = quarantine
        self.trials = trials
        reader = LogReader(state: state)
        item = ItemWriter(domain: state.domain.description)
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.set, Resume.xmlName) { [self] in try resume($0, $1) }
        core.iq(.set, Ack.xmlName) { [self] in try acknowledge($0, $1) }
        core.presence { [self] stanza, context in
            guard stanza.type == "unavailable", let from = stanza.from else { return }
            try pause(takenBy: from, "unavailable", context)
        }
        core.bounces { [self] stanza, context in
            guard let from = stanza.from else { return }
            try pause(takenBy: from, "a message came back", context)
        }
        core.linkReady { [self] context in
            for subscription in waiting { subscription.isWaiting = false }
            waiting.removeAll()
            refusedChunks = context.refusedChunks
            for subscription in state.subscriptions.takenFeeds { restart(subscription, context) }
        }
        core.linkRelieved { [self] context in
            lookForRefusals(context.refusedChunks)
            startWaiting(context)
        }
        trials.onTurn { [self] in startWaiting($0) }
    }

    // MARK: - The live tail

    /// After the commit of a report: whether it is to be sent to the feed now.
    func mayFollow(
        _ subscription: Subscription, _ position: Int64, of publisher: Int64, _ output: CoreOutput
    ) -> Bool {
        lookForRefusals(output.refusedChunks)
        guard !trials.isSuspect(position, of: publisher) else {
            hold(subscription)
            return false
        }
        guard subscription.feed.follow(position) else { return false }
        trials.sending(position, of: publisher, on: ObjectIdentifier(subscription), at: output.now)
        return true
    }

    /// A refused chunk may have held items of any feed. Nothing more is sent to them until they have started again
    /// from their cursors: an item that is acknowledged would carry the cursor over those that were lost.
    private func lookForRefusals(_ refused: Int) {
        guard refusedChunks != refused else { return }
        refusedChunks = refused
        for subscription in state.subscriptions.takenFeeds {
            subscription.feed.rewind()
            subscription.isStepScheduled = false
            wait(subscription)
        }
    }

    /// The link takes nothing more: the feed waits where it is.
    func hold(_ subscription: Subscription) {
        if subscription.feed.taker != nil { wait(subscription) }
        subscription.feed.fallBehind()
    }

    private func wait(_ subscription: Subscription) {
        guard !subscription.isWaiting else { return }
        subscription.isWaiting = true
        waiting.append(subscription)
    }

    /// Starts the feeds again that were set back. Called now and then, and when the link is relieved.
    func startWaiting(_ context: CoreContext) {
        guard !waiting.isEmpty else { return }
        let feeds = waiting
        waiting.removeAll()
        for subscription in feeds where subscription.isWaiting {
            subscription.isWaiting = false
            step(subscription, context)
        }
    }

    /// What was sent may be lost: start again from the cursor.
    func restart(_ subscription: Subscription, _ context: CoreContext) {
        subscription.feed.rewind()
        begin(subscription, context)
    }

    private func begin(_ subscription: Subscription, _ context: CoreContext) {
        subscription.isWaiting = false
        subscription.isStepScheduled = false
        step(subscription, context)
    }

    // MARK: - Catching up

    /// Reads on from the log, in a request of its own, if there is anything to read and room to send.
    private func step(_ subscription: Subscription, _ context: CoreContext) {
        guard !subscription.isStepScheduled, subscription.isAlive, subscription.feed.wantsLog else { return }
        context.later(milliseconds: 0) { [self] in try catchUp(subscription, $0) }
        subscription.isStepScheduled = true
    }

    private func catchUp(_ subscription: Subscription, _ context: CoreContext) throws {
        subscription.isStepScheduled = false
        let feed = subscription.feed
        guard subscription.isAlive, subscription.options.delivers, feed.wantsLog else { return }
        guard !context.isLinkCongested else { return wait(subscription) }
        // It waits, and will be started again.
        guard !subscription.isWaiting else { return }
        let page = try reader.page(
            of: subscription.node, for: subscription.consumer, after: feed.sent,
            limit: min(feed.room, state.configuration.feedPage))
        let passed = try passQuarantined(page, subscription)
        let gap = try page.gap ?? reader.gap(before: subscription)
        trials.confirmSoon(context)
        context.afterCommit { [self] in send(page, behind: gap, to: subscription, run: feed.run, passed: passed, $0) }
        // What is set aside takes no room.
        let taking = page.entries.count { state.quarantine[$0.position] == nil }
        if !page.isEnd && feed.room > taking {
            context.later(milliseconds: page.isHeld ? LogReader.pauseMilliseconds : 0) { [self] in try catchUp(subscription, $0) }
            subscription.isStepScheduled = true
        }
    }

    /// Moves the cursor past items at the beginning of a page that are in quarantine, if all before them is acknowledged.
    private func passQuarantined(_ page: LogReader.Page, _ subscription: Subscription) throws -> Int64 {
        guard !state.quarantine.isEmpty, subscription.feed.unacknowledged.isEmpty,
            let last = page.entries.prefix(while: { state.quarantine[$0.position] != nil }).last?.position
        else { return 0 }
        try state.store.setCursor(subscription.subid, last)
        return last
    }

    /// Runs in the order of the requests of the batch: a report stored before the page was read finds the feed behind
    /// and leaves it to the page; one stored after it finds the feed at the tail.
    private func send(
        _ page: LogReader.Page, behind gap: FeedGap?, to subscription: Subscription, run: Int, passed: Int64,
        _ output: CoreOutput
    ) {
        lookForRefusals(output.refusedChunks)
        guard !output.isCongested else { return wait(subscription) }
        if let gap, subscription.isAlive, subscription.feed.run == run {
            output.withWriter { gap.write(to: subscription, in: state, into: &$0) }
            subscription.feed.reached(gap.before &- 1, isEnd: false)
            lookForRefusals(output.refusedChunks)
        }
        for entry in page.entries {
            guard subscription.isAlive, subscription.feed.run == run,
                let serial = state.publishers.serial(entry.publisher), state.mayObserve(subscription.consumer, serial)
            else { continue }
            if state.quarantine[entry.position] != nil {
                pass(entry.position, subscription, isAcknowledged: entry.position <= passed, output)
                continue
            }
            guard trials.maySend(entry.position, of: entry.publisher, at: output.now) else { return wait(subscription) }
            guard subscription.feed.catchUp(entry.position) else { continue }
            trials.sending(
                entry.position, of: entry.publisher, on: ObjectIdentifier(subscription), at: output.now)
            item.begin(
                epoch: state.epoch, position: entry.position, isLate: entry.isLate, entry.publisher,
                in: state.publishers.directory)
            entry.body.withUnsafeBufferPointer { body in
                output.withWriter { item.write(to: subscription, body, into: &$0) }
            }
            lookForRefusals(output.refusedChunks)
        }
        guard subscription.isAlive, subscription.feed.run == run else { return }
        subscription.feed.reached(page.reached, isEnd: page.isEnd)
    }

    /// The consumer is told that there is an item which it does not get.
    private func pass(_ position: Int64, _ subscription: Subscription, isAcknowledged: Bool, _ output: CoreOutput) {
        guard subscription.feed.pass(position) else { return }
        if let notice = quarantine.notice(position, subscription) { output.send(notice) }
        if isAcknowledged { _ = subscription.feed.acknowledge(position) }
    }

    // MARK: - Requests

    /// The feed that a request names, if the sender owns it.
    private func feed(_ subid: String, _ stanza: Stanza) throws(StanzaError) -> (Subscription, JID) {
        guard stanza.to?.localpart == nil, let from = stanza.from else { throw .notAllowed }
        guard let subscription = state.subscriptions.subscription(subid), subscription.consumer == from.bare else {
            throw StanzaError(.forbidden, "not allowed")
        }
        guard subscription.options.mode == .feed else {
            throw StanzaError(.notAcceptable, "the subscription is not a feed; set stationmaster#mode to feed")
        }
        return (subscription, from)
    }

    private func resume(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let payload = stanza.payload else { throw StanzaError(.badRequest, "no payload") }
        let request = try Resume.decode(payload)
        let (subscription, from) = try feed(request.subid, stanza)
        guard from.resource != nil || from.localpart == nil else {
            throw StanzaError(.badRequest, "a feed is taken by a full JID")
        }
        var record = subscription.record
        if let window = request.window { record.options.window = Int(clamping: window) }
        record.taker = from
        try state.store.update(record)
        let pending = try reader.pending(subscription)
        let position = record.cursor > 0 ? state.item(record.cursor) : ""
        context.reply(
            to: stanza, Resumed(subid: record.subid, position: position, pending: Int64(pending)).element)
        journal(subscription, "feed resumed", "by \(from), \(pending) pending", context)
        subscription.options.window = record.options.window
        state.subscriptions.setTaker(of: subscription) { $0.resume(by: from, window: record.options.window) }
        begin(subscription, context)
    }

    private func acknowledge(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let payload = stanza.payload else { throw StanzaError(.badRequest, "no payload") }
        let request = try Ack.decode(payload)
        let (subscription, _) = try feed(request.subid, stanza)
        guard let item = ItemIdentifier(request.item), item.epoch == state.epoch,
            item.position <= (try state.log.lastPosition())
        else { throw StanzaError(.itemNotFound, "no item has this id") }
        if item.position > subscription.feed.cursor {
            try state.store.setCursor(subscription.subid, item.position)
        }
        context.reply(to: stanza)
        _ = subscription.feed.acknowledge(item.position)
        try trials.acknowledged(item.position, ObjectIdentifier(subscription), context)
        step(subscription, context)
    }

    // MARK: - Pause

    private func pause(takenBy taker: JID, _ why: String, _ context: CoreContext) throws {
        for subscription in state.subscriptions.feeds(taken: taker) {
            var record = subscription.record
            record.taker = nil
            try state.store.update(record)
            journal(subscription, "feed paused", "\(taker): \(why)", context)
        }
        for subscription in state.subscriptions.feeds(taken: taker) {
            state.subscriptions.setTaker(of: subscription) { $0.pause() }
            subscription.isStepScheduled = false
        }
    }

    private func journal(_ subscription: Subscription, _ text: String, _ detail: String, _ context: CoreContext) {
        guard let serial = subscription.node.serial else { return }
        context.journal(serial, .delivery, text, detail: detail)
    }
}
