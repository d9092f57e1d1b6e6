// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// The twins: `SERIAL@domain` is a contact for people. Its presence says whether the station is online, and its status
/// the current weather in words (RFC 6121 §3 and §4). Only consumers with a grant get it.
final class Twins {
    let state: InformationState
    var contacts = ContactTable()
    /// When a twin was last shown to its contacts, and how.
    private var shown: [Int64: (at: Timestamp, presence: Publisher.Presence)] = [:]
    /// Twins with something new that was not shown yet, since the last time is too near.
    private var waiting: Set<Int64> = []
    private var isWaiting = false
    /// The resource from which a twin's presence comes, so that clients show it as available.
    static let resource = "station"

    /// The version of a station's firmware, if somebody knows it.
    var firmwareVersion: (Serial) throws -> String? = { _ in nil }

    init(state: InformationState) { self.state = state }

    func load() throws {
        for contact in try state.store.contacts() { contacts.add(contact) }
    }

    func register(on core: inout CoreRegistry) {
        core.presence { [self] in try receivedPresence($0, $1) }
        core.iq(.get, SoftwareVersion.payload) { [self] in try version($0, $1) }
        core.iq(.get, LastActivity.payload) { [self] in try lastActivity($0, $1) }
        core.linkReady { [self] context in
            // What the servers were told by an earlier run is gone; stations that answer their probe are shown at
            // once, the others when they have had time to.
            shown.removeAll()
            context.later(milliseconds: Self.milliseconds(state.configuration.twinSettling)) { [self] in
                try showUnshown(contacts.publishers[...], $0)
            }
        }
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        Timestamp(milliseconds: 0).adding(duration).milliseconds
    }

    // MARK: - What is new

    /// Whether somebody has the station as a contact.
    func isWatched(_ number: Int64) -> Bool { !contacts.isEmpty && !contacts.contacts(of: number).isEmpty }

    /// A report was stored.
    func reported(_ report: StoredReport, _ context: CoreContext) {
        // A late report says nothing of the current weather.
        guard !report.isLate, !contacts.contacts(of: report.publisher).isEmpty else { return }
        if let last = shown[report.publisher]?.at, isTooNear(last, context.now) {
            waiting.insert(report.publisher)
            wait(context)
            return
        }
        guard let publisher = state.publishers[report.publisher] else { return }
        show(publisher, weather: WeatherText.text(report.measurements), context)
    }

    /// Presence or state of a station has changed.
    func changed(_ number: Int64, _ context: CoreContext) throws {
        guard !contacts.contacts(of: number).isEmpty, let publisher = state.publishers[number] else { return }
        if let last = shown[number], last.presence == publisher.presence, isTooNear(last.at, context.now) { return }
        show(publisher, weather: try weather(of: publisher), context)
    }

    /// The station was suspended, revoked or retired, or may report again: shown whatever was shown last. The contacts
    /// of a retired one have nothing to wait for any more.
    func stateChanged(_ number: Int64, _ context: CoreContext) throws {
        shown.removeValue(forKey: number)
        try changed(number, context)
        guard state.publishers[number]?.record.state == .retired else { return }
        for consumer in contacts.contacts(of: number) { try drop(consumer, number, context) }
    }

    private func isTooNear(_ last: Timestamp, _ now: Timestamp) -> Bool {
        // A clock that was set back must not silence a twin.
        now >= last && now < last.adding(state.configuration.twinInterval)
    }

    private func wait(_ context: CoreContext) {
        guard !isWaiting else { return }
        isWaiting = true
        context.later(milliseconds: Self.milliseconds(state.configuration.twinInterval)) { [self] context in
            isWaiting = false
            let numbers = waiting.sorted()
            waiting.removeAll()
            for number in numbers {
                guard let publisher = state.publishers[number] else { continue }
                show(publisher, weather: try weather(of: publisher), context)
            }
        }
    }

    private func showUnshown(_ numbers: ArraySlice<Int64>, _ context: CoreContext) throws {
        for number in numbers.prefix(state.configuration.twinsPerStep) {
            guard shown[number] == nil, let publisher = state.publishers[number] else { continue }
            show(publisher, weather: try weather(of: publisher), context)
        }
        let rest = numbers.dropFirst(state.configuration.twinsPerStep)
        guard !rest.isEmpty else { return }
        context.later(milliseconds: 100) { [self] in try showUnshown(rest, $0) }
    }

    // MARK: - Presence of a twin

    private func show(_ publisher: Publisher, weather: String, _ context: CoreContext) {
        let number = publisher.record.number
        waiting.remove(number)
        shown[number] = (context.now, publisher.presence)
        guard let twin = twin(publisher.record.serial, resource: Self.resource) else { return }
        let (type, payload) = Self.presence(publisher, weather: weather)
        for consumer in contacts.contacts(of: number) where state.mayObserve(consumer, publisher.record.serial) {
            context.send(.presence(type: type, from: twin, to: consumer, payload))
        }
    }

    /// Tells one contact, as an answer to a probe or after a subscription.
    func show(_ publisher: Publisher, to consumer: JID, _ context: CoreContext) throws {
        guard let twin = twin(publisher.record.serial, resource: Self.resource) else { return }
        let (type, payload) = Self.presence(publisher, weather: try weather(of: publisher))
        context.send(.presence(type: type, from: twin, to: consumer, payload))
    }

    /// Type and children of a presence: online stations are available, offline ones extended away, revoked and
    /// retired ones unavailable.
    private static func presence(_ publisher: Publisher, weather: String) -> (type: String?, [Element]) {
        let words: String
        var show: String?
        switch (publisher.record.state, publisher.presence) {
        case (.revoked, _), (.retired, _): return ("unavailable", [element("status", publisher.record.state.rawValue)])
        case (.suspended, _): (words, show) = ("suspended", "xa")
        case (.active, .online): words = "online"
        case (.active, .offline): (words, show) = ("offline", "xa")
        case (.active, .unknown): (words, show) = ("unknown", "away")
        }
        let status = weather.isEmpty ? words : "\(words): \(weather)"
        return (nil, (show.map { [element("show", $0)] } ?? []) + [element("status", status)])
    }

    private static func element(_ local: String, _ text: String) -> Element {
        Element(XMLName(local, Namespaces.client), text: text)
    }

    /// The weather of the newest report.
    private func weather(of publisher: Publisher) throws -> String {
        guard publisher.record.lastPosition > 0, let entry = try state.readableEntry(at: publisher.record.lastPosition),
            let document = try? JSONDocument(entry.body), let report = try? Report(json: document.root),
            let resolved = try? SenMLPack(report.records).resolve(now: entry.receivedAt)
        else { return "" }
        let serial = publisher.record.serial
        return WeatherText.text(
            resolved.map { measurement in
                var measurement = measurement
                if let local = StationNames.local(measurement.name, of: serial) { measurement.name = String(local) }
                return measurement
            })
    }

    /// A twin's address; serials fit a localpart.
    func twin(_ serial: Serial, resource: String?) -> JID? {
        try? JID(localpart: serial.folded, domain: state.domain.domain, resource: resource)
    }
}
