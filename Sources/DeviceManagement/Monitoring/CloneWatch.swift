// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// Finds two stations behind one identity, and sets both apart: nothing is accepted from either until the owner has said
/// which one is the true one and has released it.
///
/// Two signs count. *Two sessions at once*: another full JID shows itself while the one before still answers pings; after a
/// broken link the old one does not. *Two forks of the sequence within an hour*: one alone may be a station that has lost
/// its memory, which is told the next number when it introduces itself.
final class CloneWatch {
    private let store: any DeviceStore
    private let roster: StationRoster
    private let configuration: DeviceConfiguration
    /// The last fork of a station, for an hour.
    private var forks: [Serial: Timestamp] = [:]
    /// When the session that was there before was asked.
    private var asked: [Serial: Timestamp] = [:]
    private static let forkMemory: Int64 = 3_600_000
    private static let pingMilliseconds: Int64 = 10_000
    /// Between the two pings that a session has to answer: one that is about to end may answer the first.
    private static let pauseMilliseconds: Int64 = 3_000
    /// After that a check that has had no answer is forgotten.
    private static let checkMilliseconds: Int64 = 60_000
    /// Stations remembered here, at most.
    private static let most = 10_000

    init(store: any DeviceStore, roster: StationRoster, configuration: DeviceConfiguration) {
        self.store = store
        self.roster = roster
        self.configuration = configuration
    }

    func register(on core: inout CoreRegistry) {
        core.event { [self] event, context in
            if case .sequenceForked(let serial, let seq) = event { try forked(serial, seq, context) }
            // Not a clone, but set apart in the same way: by a row that only the owner ends.
            if case .poisonous(let serial, let reason) = event { try suspend(serial, reason, context) }
        }
        core.command("station.release") { [self] in try release($0, $1) }
    }

    // MARK: - Two sessions at once

    /// A station that is online shows itself from another full JID: the one that was there before is asked.
    func suspect(_ entry: StationRoster.Entry, _ new: JID, _ context: CoreContext) {
        guard entry.presence == .online, let resource = entry.resource, new.resource != nil, resource != new.resource,
            let old = try? entry.jid.with(resource: resource)
        else { return }
        if let at = asked[entry.serial], context.now >= at, context.now.milliseconds(since: at) < Self.checkMilliseconds {
            return
        }
        context.afterCommit { [self] output in
            if asked.count >= Self.most { asked.removeAll(keepingCapacity: true) }
            asked[entry.serial] = output.now
        }
        ping(entry, old, context) { [self] context in
            context.later(milliseconds: Self.pauseMilliseconds) { [self] context in
                ping(entry, old, context) { [self] in
                    asked[entry.serial] = nil
                    try suspend(entry.serial, "two sessions at once, \(old) and \(new)", $0)
                }
            }
        }
    }

    private func ping(
        _ entry: StationRoster.Entry, _ old: JID, _ context: CoreContext, answered: @escaping (CoreContext) throws -> Void
    ) {
        context.request(
            .get, from: configuration.domain, to: old, encoding: entry.speaksJSONOnly ? .json : .xml, Element(Ping.payload),
            timeoutMilliseconds: Self.pingMilliseconds
        ) { [self] answer, context in
            guard let answer, Self.isOfClient(answer) else {
                asked[entry.serial] = nil
                return
            }
            try answered(context)
        }
    }

    /// A server answers for a session that is gone with `service-unavailable` and the like.
    private static func isOfClient(_ answer: Stanza) -> Bool {
        !answer.isError || answer.error?.condition == .featureNotImplemented
    }

    // MARK: - Forks

    private func forked(_ serial: Serial, _ seq: Int64, _ context: CoreContext) throws {
        let now = context.now
        if let last = forks[serial], now >= last, now.milliseconds(since: last) < Self.forkMemory {
            return try suspend(serial, "its sequence has forked twice within an hour, now at \(seq)", context)
        }
        context.alarm(serial, "two reports under one number; a second time within an hour it is suspended", from: configuration.domain)
        context.afterCommit { [self] _ in
            if forks.count >= Self.most {
                forks = forks.filter { now.milliseconds(since: $0.value) < Self.forkMemory }
                if forks.count >= Self.most { forks.removeAll(keepingCapacity: true) }
            }
            forks[serial] = now
        }
    }

    // MARK: - Setting apart and releasing

    private func suspend(_ serial: Serial, _ reason: String, _ context: CoreContext) throws {
        guard var station = try store.station(serial), station.state == .installed else { return }
        station.state = .suspended
        try store.update(station)
        context.alarm(station.serial, "suspended: \(reason)", from: configuration.domain)
        context.emit(.quarantined(serial: station.serial, reason: reason))
        if let jid = station.jid { roster.remove(jid, context) }
    }

    /// The owner has looked into it: the station may report again. A clone of it would be found again.
    private func release(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let serial = try Command.serial(arguments.require("serial"))
        guard var station = try store.station(serial) else {
            throw CommandError("not-found", "there is no station \(serial)")
        }
        guard station.state == .suspended, let jid = station.jid else {
            throw CommandError("conflict", "station \(serial) is \(station.state.rawValue), not suspended")
        }
        station.state = .installed
        try store.update(station)
        try context.audit(actor: "console", action: "released", subject: serial.description, detail: .object([JSON.Member]()))
        context.journal(station.serial, .governance, "released: it may report again")
        context.emit(.installed(serial: station.serial, jid: jid, owner: station.owner ?? ""))
        roster.add(
            StationRoster.Entry(
                serial: station.serial, jid: jid, speaksJSONOnly: station.speaksJSONOnly,
                isSubscribed: station.isSubscribed, lastSeen: station.lastSeen), context)
        context.send(.presence(type: "probe", from: configuration.domain, to: jid))
        context.afterCommit { [self] _ in
            forks[station.serial] = nil
            asked[station.serial] = nil
        }
        return .object([.init("serial", .string(serial.description)), .init("state", .string("installed"))])
    }
}
