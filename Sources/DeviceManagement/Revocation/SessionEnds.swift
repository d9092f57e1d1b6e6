// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// Has the server end the sessions of revoked stations (XEP-0133): a row for each account, asked again when the link comes
/// up and by timer, until the server has done it or has refused it for good; either is put on the station's timeline.
final class SessionEnds {
    private let store: any DeviceStore
    private let configuration: DeviceConfiguration
    private let lists: RevocationLists
    /// How often the server has left an account's request unanswered.
    private var silences: [JID: Int] = [:]
    /// When a revoked station that has come back was sent away last.
    private var sentAway: [JID: Timestamp] = [:]
    private static let timer = "session-end"
    private static let retryMilliseconds: Int64 = 60_000
    /// Prosody says nothing about accounts that it cannot find.
    private static let mostSilences = 5
    private static let pageRows = 1000
    private static let mostSentAway = 10_000

    init(store: any DeviceStore, configuration: DeviceConfiguration, lists: RevocationLists) {
        self.store = store
        self.configuration = configuration
        self.lists = lists
        lists.settled = { [weak self] in try self?.listsAreSettled($0) }
    }

    func register(on core: inout CoreRegistry) {
        core.linkReady { [self] context in try askAll(context) }
        core.timer(Self.timer) { [self] key, context in
            if let jid = try? JID(key), let end = try store.sessionEnd(of: jid) { try ask(end, context) }
        }
    }

    /// How many the server has not ended yet.
    func waiting() throws -> Int { try store.sessionEnds(limit: Self.pageRows).filter { !$0.hasEnded }.count }

    /// Every session of the accounts that a station has.
    func end(of serial: Serial, _ context: CoreContext) throws {
        guard configuration.revocation.endsSessions else { return }
        for host in [configuration.stationsHost, configuration.onboardingHost] {
            let jid = try JID(localpart: serial.folded, domain: host)
            try end(SessionEndRecord(jid: jid, serial: serial, since: context.now), context)
        }
    }

    /// A revoked station is there again, on a server that reads no lists: out with it, every minute at most.
    func sendAway(_ serial: Serial, _ jid: JID, _ context: CoreContext) throws {
        guard configuration.revocation.endsSessions, try store.sessionEnd(of: jid) == nil else { return }
        if let last = sentAway[jid], context.now >= last, context.now.milliseconds(since: last) < Self.retryMilliseconds { return }
        if sentAway.count >= Self.mostSentAway { sentAway.removeAll(keepingCapacity: true) }
        sentAway[jid] = context.now
        try end(SessionEndRecord(jid: jid, serial: serial, since: context.now), context)
    }

    private func end(_ end: SessionEndRecord, _ context: CoreContext) throws {
        try store.put(end)
        try ask(end, context)
    }

    private func askAll(_ context: CoreContext) throws {
        for end in try store.sessionEnds(limit: Self.pageRows) { try ask(end, context) }
    }

    private func ask(_ end: SessionEndRecord, _ context: CoreContext) throws {
        guard let command = ServerCommand.endSessions(of: end.jid, from: configuration.domain) else { return }
        context.schedule(Self.timer, key: end.jid.description, due: context.now.adding(milliseconds: Self.retryMilliseconds))
        // An end that was asked for before the server had read the lists may have been too early.
        let isLast = lists.isSettled
        command.run(context) { [self] outcome, context in
            // Another answer may have come first.
            guard let end = try store.sessionEnd(of: end.jid) else { return }
            try answered(end, outcome, isLast: isLast, context)
        }
    }

    private func answered(
        _ end: SessionEndRecord, _ outcome: ServerCommand.Outcome, isLast: Bool, _ context: CoreContext
    ) throws {
        switch outcome {
        case .done(let note):
            if !end.hasEnded { journal(end, "session ended", note, context) }
            if isLast || (lists.isSettled && !lists.hasBeenRead) { return try remove(end, context) }
            var end = end
            end.hasEnded = true
            try store.put(end)
            context.cancel(Self.timer, key: end.jid.description)
            if lists.isSettled { try ask(end, context) }
        case .refused(let reason):
            journal(end, "session not ended", "the server refuses: \(reason)", context)
            try remove(end, context)
        case .later:
            let count = (silences[end.jid] ?? 0) + 1
            guard count >= Self.mostSilences else {
                silences[end.jid] = count
                return
            }
            if !end.hasEnded { journal(end, "session not ended", "the server does not answer", context) }
            try remove(end, context)
        }
    }

    /// The station may have come back before the server had read the list, but not after.
    private func listsAreSettled(_ context: CoreContext) throws {
        for end in try store.sessionEnds(limit: Self.pageRows) where end.hasEnded {
            if lists.hasBeenRead { try ask(end, context) } else { try remove(end, context) }
        }
    }

    private func remove(_ end: SessionEndRecord, _ context: CoreContext) throws {
        try store.removeSessionEnd(of: end.jid)
        context.cancel(Self.timer, key: end.jid.description)
        context.afterCommit { [self] _ in silences[end.jid] = nil }
    }

    private func journal(_ end: SessionEndRecord, _ text: String, _ more: String, _ context: CoreContext) {
        let words = more.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300)
        context.journal(
            end.serial, .governance, text, detail: words.isEmpty ? end.jid.description : "\(end.jid): \(words)")
    }
}
