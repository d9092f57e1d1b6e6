// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// The installed stations in memory: who is online, from which resource, and when it was last seen.
/// Presence is memory only; it is asked for anew after each start.
///
/// Names and addresses are in the directory that the domains share; here are columns by its numbers, of five bytes and
/// the resource.
public final class StationRoster {
    /// Whether a station is there; unknown until it or its server has said so.
    public enum Presence: String, Sendable { case unknown, online, offline }

    struct Entry {
        let serial: Serial
        let jid: JID
        var presence: Presence = .unknown
        /// The resource that introduced itself last.
        var resource: String?
        var speaksJSONOnly: Bool
        var isSubscribed: Bool
        var lastSeen: Timestamp?
    }

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let installed = Flags(rawValue: 1)
        static let online = Flags(rawValue: 2)
        static let offline = Flags(rawValue: 4)
        static let speaksJSONOnly = Flags(rawValue: 8)
        static let subscribed = Flags(rawValue: 16)
        /// Its last-seen time has not been written yet.
        static let seen = Flags(rawValue: 32)
        /// The store was asked, whatever it said.
        static let known = Flags(rawValue: 64)
    }

    private let store: any DeviceStore

    private let directory: StationDirectory
    private var flags: [Flags] = []
    /// Seconds since 1970; 0 for never.
    private var lastSeen: [UInt32] = []
    private var resources = TextColumn()
    /// Where the search for last-seen times that are to be written goes on.
    private var nextSeen = 0
    private(set) var online = 0

    init(store: any DeviceStore, directory: StationDirectory) {
        self.store = store
        self.directory = directory
    }

    /// How many stations are online now.
    public var onlineCount: Int { online }

    /// The station that reports from this address. It is read from the store when it is asked for first.
    func entry(of jid: JID) throws -> Entry? {
        try entry(directory.number(of: jid.bare)) { try store.installed(at: jid.bare) }
    }

    func entry(of serial: Serial) throws -> Entry? {
        try entry(directory.number(of: serial)) { try store.installed(serial) }
    }

    private func entry(_ number: Int?, read: () throws -> InstalledStation?) throws -> Entry? {
        if let number, flags.indices.contains(number), flags[number].contains(.known) { return entry(number) }
        guard let station = try read() else {
            if let number { note(number) }
            return nil
        }
        add(
            Entry(
                serial: station.serial, jid: station.jid, speaksJSONOnly: station.speaksJSONOnly,
                isSubscribed: station.isSubscribed, lastSeen: station.lastSeen))
        return directory.number(of: station.serial).flatMap(entry)
    }

    private func note(_ number: Int) {
        if flags.count <= number { grow(to: max(number + 1, directory.count)) }
        flags[number].insert(.known)
    }

    /// In one go for all that the directory knows: columns that grow by doubling leave as much behind as they hold.
    private func grow(to count: Int) {
        let more = count - flags.count
        if more > 1000 {
            flags.reserveCapacity(count)
            lastSeen.reserveCapacity(count)
            resources.reserve(count, bytesEach: 8)
        }
        flags.append(contentsOf: repeatElement([], count: more))
        lastSeen.append(contentsOf: repeatElement(0, count: more))
    }

    private func entry(_ number: Int) -> Entry? {
        guard flags.indices.contains(number), flags[number].contains(.installed), let serial = directory.serial(number),
            let jid = directory.jid(number)
        else { return nil }
        let flags = flags[number]
        return Entry(
            serial: serial, jid: jid,
            presence: flags.contains(.online) ? .online : flags.contains(.offline) ? .offline : .unknown,
            resource: resources[number], speaksJSONOnly: flags.contains(.speaksJSONOnly),
            isSubscribed: flags.contains(.subscribed),
            lastSeen: lastSeen[number] == 0 ? nil : Timestamp(milliseconds: Int64(lastSeen[number]) &* 1000))
    }

    /// As ``add(_:)``, taken back if the handler fails.
    func add(_ entry: Entry, _ context: CoreContext) {
        let old = directory.number(of: entry.serial).flatMap(self.entry)
        context.undo { [self] in
            if let old { add(old) } else { remove(entry.jid) }
        }
        add(entry)
    }

    private func add(_ entry: Entry) {
        if let old = directory.number(of: entry.serial) { remove(old) }
        guard let number = directory.put(entry.serial, entry.jid) else { return }
        note(number)
        write(entry, number)
    }

    private func write(_ entry: Entry, _ number: Int) {
        if flags[number].contains(.online) { online -= 1 }
        var new = flags[number].intersection(.seen).union([.installed, .known])
        switch entry.presence {
        case .online: new.insert(.online)
        case .offline: new.insert(.offline)
        case .unknown: break
        }
        if entry.speaksJSONOnly { new.insert(.speaksJSONOnly) }
        if entry.isSubscribed { new.insert(.subscribed) }
        flags[number] = new
        lastSeen[number] = entry.lastSeen.map { UInt32(clamping: max(1, $0.milliseconds / 1000)) } ?? 0
        resources[number] = entry.resource
        if new.contains(.online) { online += 1 }
    }

    /// Forgets a station that is no longer in service; taken back if the handler fails.
    func remove(_ jid: JID, _ context: CoreContext) {
        guard let number = directory.number(of: jid.bare), let old = entry(number) else { return }
        context.undo { [self] in write(old, number) }
        remove(number)
    }

    private func remove(_ jid: JID) {
        if let number = directory.number(of: jid.bare) { remove(number) }
    }

    private func remove(_ number: Int) {
        guard flags.indices.contains(number) else { return }
        if flags[number].contains(.online) { online -= 1 }
        flags[number] = .known
        lastSeen[number] = 0
        resources[number] = nil
    }

    /// Taken back if the handler fails. It cannot wait for the commit: what is offered to a station that has just come
    /// online goes to the resource that is told here.
    func change(_ jid: JID, _ context: CoreContext, _ body: (inout Entry) -> Void) {
        guard let number = directory.number(of: jid.bare), var entry = entry(number) else { return }
        let old = entry
        context.undo { [self] in write(old, number) }
        body(&entry)
        write(entry, number)
    }

    func markSeen(_ jid: JID, at now: Timestamp) {
        guard let number = directory.number(of: jid.bare), flags.indices.contains(number),
            flags[number].contains(.installed)
        else { return }
        lastSeen[number] = UInt32(clamping: max(1, now.milliseconds / 1000))
        flags[number].insert(.seen)
    }

    /// Up to `limit` last-seen times that are to be written, and forgets them; fewer only at the end of a round.
    func takeSeen(_ limit: Int) -> [(Serial, Timestamp)] {
        var rows: [(Serial, Timestamp)] = []
        while nextSeen < flags.count, rows.count < limit {
            let number = nextSeen
            nextSeen += 1
            guard flags[number].contains([.seen, .installed]), let serial = directory.serial(number) else { continue }
            flags[number].remove(.seen)
            rows.append((serial, Timestamp(milliseconds: Int64(lastSeen[number]) &* 1000)))
        }
        if rows.count < limit { nextSeen = 0 }
        return rows
    }

    func forgetPresence() {
        for number in flags.indices { flags[number].subtract([.online, .offline]) }
        online = 0
    }

    /// The full JID to which requests go; nil unless the station is online.
    func address(of serial: Serial) throws -> (jid: JID, encoding: StanzaEncoding)? {
        guard let entry = try entry(of: serial), entry.presence == .online, let resource = entry.resource,
            let full = try? entry.jid.with(resource: resource)
        else { return nil }
        return (full, entry.speaksJSONOnly ? .json : .xml)
    }
}
