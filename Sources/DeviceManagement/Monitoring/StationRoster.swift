// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// The installed stations in memory: who is online, from which resource, and when it was last seen.
/// Presence is memory only; it is asked for anew after each start.
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

    private var entries: [JID: Entry] = [:]
    private var addresses: [Serial: JID] = [:]
    /// Stations whose last-seen time has not been written yet.
    private(set) var seen: Set<JID> = []
    private(set) var online = 0

    public init() {}

    /// How many stations are online now.
    public var onlineCount: Int { online }

    func entry(of jid: JID) -> Entry? { entries[jid.bare] }
    func entry(of serial: Serial) -> Entry? { addresses[serial].flatMap { entries[$0] } }

    func add(_ entry: Entry) {
        if let old = addresses[entry.serial] { remove(old) }
        entries[entry.jid] = entry
        addresses[entry.serial] = entry.jid
        if entry.presence == .online { online += 1 }
    }

    func remove(_ jid: JID) {
        guard let entry = entries.removeValue(forKey: jid.bare) else { return }
        addresses.removeValue(forKey: entry.serial)
        seen.remove(jid.bare)
        if entry.presence == .online { online -= 1 }
    }

    func change(_ jid: JID, _ body: (inout Entry) -> Void) {
        guard var entry = entries[jid.bare] else { return }
        let before = entry.presence
        body(&entry)
        entries[jid.bare] = entry
        if before == .online && entry.presence != .online { online -= 1 }
        if before != .online && entry.presence == .online { online += 1 }
    }

    func markSeen(_ jid: JID, at now: Timestamp) {
        change(jid) { $0.lastSeen = now }
        if entries[jid.bare] != nil { seen.insert(jid.bare) }
    }

    /// What is to be written, and forgets it.
    func takeSeen() -> [(Serial, Timestamp)] {
        let rows = seen.compactMap { jid -> (Serial, Timestamp)? in
            guard let entry = entries[jid], let at = entry.lastSeen else { return nil }
            return (entry.serial, at)
        }
        seen.removeAll()
        return rows
    }

    /// All bare JIDs, for probing.
    var jids: [JID] { Array(entries.keys) }

    func forgetPresence() {
        for jid in entries.keys { entries[jid]?.presence = .unknown }
        online = 0
    }

    /// The full JID to which requests go; nil unless the station is online.
    func address(of serial: Serial) -> (jid: JID, encoding: StanzaEncoding)? {
        guard let entry = entry(of: serial), entry.presence == .online, let resource = entry.resource,
            let full = try? entry.jid.with(resource: resource)
        else { return nil }
        return (full, entry.speaksJSONOnly ? .json : .xml)
    }
}
