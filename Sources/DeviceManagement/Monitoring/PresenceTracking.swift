// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMPPCore

/// Knows which stations are online: subscribes to their presence, probes them (paced) when the link comes up,
/// and writes *last seen* in batches.
final class PresenceTracking {
    private let store: any DeviceStore
    private let roster: StationRoster
    private let configuration: DeviceConfiguration
    private let clones: CloneWatch
    /// Which link the probes are for: those of one that is gone stop.
    private var link: UInt64 = 0
    /// When last-seen times are written next; nil before the first link.
    private var flushDue: Timestamp?
    private var isAskingAgain = false
    private static let calmMilliseconds: Int64 = 10_000
    private static let flushMilliseconds: Int64 = 30_000
    /// A station has a page of the database nearly to itself: a slice is some megabytes, and a fleet that comes back at
    /// once gigabytes, which must not stand in the way of what is asked meanwhile.
    private static let flushSlice = 200
    private static let flushPause: Int64 = 200
    private static let tickMilliseconds: Int64 = 100

    init(store: any DeviceStore, roster: StationRoster, configuration: DeviceConfiguration, clones: CloneWatch) {
        self.store = store
        self.roster = roster
        self.configuration = configuration
        self.clones = clones
    }

    func register(on core: inout CoreRegistry) {
        core.presence { [self] in try received($0, $1) }
        core.linkReady { [self] context in
            link &+= 1
            try probe(after: "", link, context)
            beginFlushing(context)
        }
        core.presenceLost { [self] in askAgain($0) }
        core.linkLost { [self] _, context in
            context.afterCommit { [roster] _ in roster.forgetPresence() }
        }
    }

    // MARK: - Probes

    /// After a start neither server sends the presence of those we are subscribed to, so we ask, a few at a time.
    private func probe(after serial: String, _ link: UInt64, _ context: CoreContext) throws {
        guard link == self.link else { return }
        let page = try store.installedAddresses(after: serial, limit: configuration.probesPerTick)
        for (_, jid) in page { context.send(.presence(type: "probe", from: configuration.domain, to: jid)) }
        guard page.count == configuration.probesPerTick, let last = page.last?.serial else { return }
        context.later(milliseconds: Self.tickMilliseconds) { [self] in try probe(after: last, link, $0) }
    }

    /// One chain of alarms, however often the link comes back; a new one only where the chain has broken off.
    private func beginFlushing(_ context: CoreContext) {
        if let due = flushDue, context.now < due.adding(milliseconds: Self.flushMilliseconds) { return }
        flushLater(context)
    }

    private func flushLater(_ context: CoreContext) {
        let due = context.now.adding(milliseconds: Self.flushMilliseconds)
        flushDue = due
        context.later(milliseconds: Self.flushMilliseconds) { [self] context in
            guard flushDue == due else { return }
            flushLater(context)
            try flush(context)
        }
    }

    /// A slice of what is to be written, and the next one in a batch of its own.
    private func flush(_ context: CoreContext) throws {
        let seen = roster.takeSeen(Self.flushSlice)
        try store.setLastSeen(seen)
        if seen.count == Self.flushSlice { context.later(milliseconds: Self.flushPause) { [self] in try flush($0) } }
    }

    /// Some presence was lost in a flood: once that is over, all stations are asked.
    private func askAgain(_ context: CoreContext) {
        guard !isAskingAgain else { return }
        isAskingAgain = true
        context.later(milliseconds: Self.calmMilliseconds) { [self] context in
            isAskingAgain = false
            try probe(after: "", link, context)
        }
    }

    // MARK: - Presence

    private func received(_ stanza: Stanza, _ context: CoreContext) throws {
        guard stanza.to?.localpart == nil, let from = stanza.from, let entry = try roster.entry(of: from) else { return }
        switch stanza.type {
        case "": try becameAvailable(entry, from, context)
        case "unavailable": becameUnavailable(entry, from, context)
        case "subscribed": try setSubscribed(entry, true, context)
        case "unsubscribed": try setSubscribed(entry, false, context)
        case "subscribe":
            // A station may want ours; it is told that we are here.
            context.send(.presence(type: "subscribed", from: configuration.domain, to: from.bare))
            context.send(.presence(type: nil, from: configuration.domain, to: from.bare))
        case "probe":
            context.send(.presence(type: nil, from: configuration.domain, to: from))
        default: break
        }
    }

    private func becameAvailable(_ entry: StationRoster.Entry, _ from: JID, _ context: CoreContext) throws {
        guard from.resource != nil else { return }
        context.afterCommit { [roster] output in roster.markSeen(from, at: output.now) }
        guard entry.presence != .online || entry.resource == nil else { return clones.suspect(entry, from, context) }
        context.journal(entry.serial, .presence, "online", detail: from.description)
        context.emit(.online(serial: entry.serial, jid: from))
        // The answer to a probe: it introduced itself before. After a login it does so next.
        if entry.presence == .unknown { context.emit(.ready(serial: entry.serial)) }
        roster.change(from, context) {
            $0.presence = .online
            $0.resource = from.resource
        }
    }

    private func becameUnavailable(_ entry: StationRoster.Entry, _ from: JID, _ context: CoreContext) {
        // The word of an older resource says nothing about the one that introduced itself since.
        if let resource = from.resource, let current = entry.resource, resource != current { return }
        // Prosody acknowledges a subscription request with `unavailable` from the bare JID, whoever is online.
        if from.resource == nil, !entry.isSubscribed, entry.presence == .online { return }
        if entry.presence == .online {
            context.journal(entry.serial, .presence, "offline", detail: from.description)
        }
        if entry.presence != .offline { context.emit(.offline(serial: entry.serial, jid: from)) }
        roster.change(from, context) {
            $0.presence = .offline
            $0.resource = nil
        }
        context.afterCommit { [roster] output in roster.markSeen(from, at: output.now) }
    }

    private func setSubscribed(_ entry: StationRoster.Entry, _ subscribed: Bool, _ context: CoreContext) throws {
        guard entry.isSubscribed != subscribed, var station = try store.station(entry.serial) else { return }
        station.isSubscribed = subscribed
        try store.update(station)
        roster.change(entry.jid, context) { $0.isSubscribed = subscribed }
    }
}
