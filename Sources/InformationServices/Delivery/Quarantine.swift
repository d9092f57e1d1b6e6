// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// An item that is not sent any more, since the server closed the stream each time it was.
public struct QuarantineRecord: Hashable, Sendable {
    /// Its position in the log.
    public let position: Int64
    /// When it was set aside.
    public let at: Timestamp
    /// How many links were lost with it; 1 for one that was not tried, and set aside with others of its station.
    public let losses: Int

    public init(position: Int64, at: Timestamp, losses: Int) {
        self.position = position
        self.at = at
        self.losses = losses
    }
}

/// Sets items aside, tells of it, and takes them back when the operator says so.
final class Quarantine {
    private let state: InformationState

    init(state: InformationState) { self.state = state }

    func register(on core: inout CoreRegistry) {
        core.command("quarantine.list") { [self] arguments, _ in try list(arguments) }
        core.command("quarantine.release") { [self] in try release($0, $1) }
    }

    /// The item is not sent again, on no feed and in no answer.
    func setAside(_ culprit: PoisonWatch.Culprit, _ context: CoreContext) throws {
        let position = culprit.position
        guard state.quarantine[position] == nil, let entry = try state.readableEntry(at: position),
            let serial = state.publishers.serial(entry.publisher)
        else { return }
        let record = QuarantineRecord(position: position, at: context.now, losses: culprit.losses)
        try state.store.insert(record)
        let item = state.item(position)
        let text = "item \(item) quarantined: the stream was closed \(culprit.losses) times after it"
        try context.audit(
            actor: state.domain.description, action: "quarantined", subject: serial.description,
            detail: .object([
                "item": .string(item), "seq": .integer(entry.sequence), "losses": .integer(Int64(culprit.losses)),
            ]))
        try context.audit(
            actor: state.domain.description, action: "alarm", subject: serial.description,
            detail: .object(["text": .string(text)]))
        context.journal(serial, .delivery, "alarm: item quarantined", detail: "\(item), seq \(entry.sequence)")
        context.emit(.finding(serial: serial, text: text))
        let lately = try culprits(of: entry.publisher, context.now) + [position]
        state.quarantine[position] = record
        guard lately.count >= state.configuration.poisonItems, let first = lately.min() else { return }
        context.emit(.poisonous(serial: serial, reason: "the server closes the stream for its reports, now for \(item)"))
        let last = try state.log.lastPosition()
        context.later(milliseconds: 0) { [self] in try setAside(allOf: entry.publisher, first...last, $0) }
    }

    /// Items of the station that were set aside lately because links were lost with them.
    private func culprits(of publisher: Int64, _ now: Timestamp) throws -> [Int64] {
        let memory = Timestamp(milliseconds: 0).adding(state.configuration.poisonMemory).milliseconds
        return try state.quarantine.values.filter {
            $0.losses > 1 && abs(now.milliseconds(since: $0.at)) < memory
        }.map(\.position).filter {
            // One that cannot be looked at now is not counted; this item is set aside in any case.
            do { return try state.log.publisher(at: $0) == publisher } catch is StoreBusy { return false } catch is StoreDamage {
                return false
            }
        }
    }

    /// How many reports of a station are set aside in one request.
    private static let reportsAtOnce = 500

    /// What else a station has sent may be of the same kind, and each of them would cost a link.
    private func setAside(allOf publisher: Int64, _ range: ClosedRange<Int64>, _ context: CoreContext) throws {
        let scan = try scan(after: range.lowerBound - 1, of: publisher)
        let places = scan.found.filter { range.contains($0.position) && state.quarantine[$0.position] == nil }
        let records = places.map { QuarantineRecord(position: $0.position, at: context.now, losses: 1) }
        for record in records { try state.store.insert(record) }
        if scan.reached < range.upperBound {
            context.later(milliseconds: scan.isHeld ? LogReader.pauseMilliseconds : 0) { [self] in
                try setAside(allOf: publisher, (scan.reached + 1)...range.upperBound, $0)
            }
        }
        for record in records { state.quarantine[record.position] = record }
    }

    /// A look for reports of a station. What cannot be read is not sent either.
    private func scan(after position: Int64, of publisher: Int64) throws -> LogScan {
        do {
            return try state.log.scan(after: position, limit: Self.reportsAtOnce, publishers: [publisher])
        } catch let damage as StoreDamage {
            return LogScan(reached: damage.positions.upperBound)
        }
    }

    private func list(_ arguments: JSONValue) throws -> JSON {
        let records = state.quarantine.values.sorted { $0.position < $1.position }
        return try ListCommands.page(records, arguments, "items", key: { state.item($0.position) }) { record in
            let entry = try? state.log.entry(at: record.position)
            return .object([
                "item": .string(state.item(record.position)),
                "serial": entry.flatMap { state.publishers.serial($0.publisher) }.map { .string($0.description) },
                "seq": entry.map { .integer($0.sequence) }, "at": .number(record.at.seconds),
                "losses": .integer(Int64(record.losses)),
            ])
        }
    }

    private func release(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let text = try arguments.require("item").requireString()
        guard let item = ItemIdentifier(text), item.epoch == state.epoch, state.quarantine[item.position] != nil else {
            throw CommandError("not-found", "no item '\(text)' is in quarantine")
        }
        try state.store.removeQuarantine(item.position)
        try context.audit(
            actor: "console", action: "released from quarantine", subject: text, detail: .object([JSON.Member]()))
        if let entry = try state.readableEntry(at: item.position), let serial = state.publishers.serial(entry.publisher) {
            context.journal(serial, .delivery, "item released from quarantine", detail: text)
        }
        state.quarantine.removeValue(forKey: item.position)
        return .object([.init("item", .string(text))])
    }

    /// `<quarantined item='1-3' node='all'/>`, in the place of the item.
    func mark(_ position: Int64, _ node: PubSubNode) -> Element {
        Element(
            XMLName("quarantined", Namespaces.stationmaster),
            ["item": state.item(position), "node": node.description])
    }

    /// In the place of the item: `<message id='quarantined-1-3'><quarantined item='1-3' node='all'/><feed subid=…/></message>`.
    func notice(_ position: Int64, _ subscription: Subscription) -> OutgoingStanza? {
        guard let taker = subscription.feed.taker else { return nil }
        let item = state.item(position)
        return .message(
            type: "normal", id: "quarantined-\(item)", from: state.domain, to: taker,
            [
                mark(position, subscription.node),
                Element(XMLName("no-store", Namespaces.hints)),
                Element(XMLName("feed", Namespaces.stationmaster), ["subid": subscription.subid]),
            ])
    }
}
