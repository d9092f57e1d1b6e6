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
        guard state.quarantine[culprit.position] == nil else { return }
        let record = QuarantineRecord(position: culprit.position, at: context.now, losses: culprit.losses)
        try setAside(record, context)
    }

    private func setAside(_ record: QuarantineRecord, _ context: CoreContext) throws {
        let position = record.position
        let readable: LogEntry?
        do { readable = try state.log.entry(at: position) } catch is StoreDamage { readable = nil } catch is StoreBusy {
            return keep(record, context)
        }
        guard let entry = readable, let serial = state.publishers.serial(entry.publisher) else {
            // There is nothing to be sent.
            state.quarantine.removeValue(forKey: position)
            return
        }
        try state.store.insert(record)
        try tell(record, entry, serial, context)
    }

    /// It cannot be looked at now, but must not go out meanwhile: in memory it is set aside at once.
    private func keep(_ record: QuarantineRecord, _ context: CoreContext) {
        context.later(milliseconds: LogReader.pauseMilliseconds) { [self] context in
            // Unless the operator has released it.
            guard state.quarantine[record.position] == record else { return }
            try setAside(record, context)
        }
        state.quarantine[record.position] = record
    }

    /// The station's timeline, the log and the other domain hear of it; what else it has sent may be set aside too.
    private func tell(_ record: QuarantineRecord, _ entry: LogEntry, _ serial: Serial, _ context: CoreContext) throws {
        let position = record.position
        let item = state.item(position)
        let text = "item \(item) quarantined: the stream was closed \(record.losses) times after it"
        try context.audit(
            actor: state.domain.description, action: "quarantined", subject: serial.description,
            detail: .object([
                "item": .string(item), "seq": .integer(entry.sequence), "losses": .integer(Int64(record.losses)),
            ]))
        try context.audit(
            actor: state.domain.description, action: "alarm", subject: serial.description,
            detail: .object(["text": .string(text)]))
        context.journal(serial, .delivery, "alarm: item quarantined", detail: "\(item), seq \(entry.sequence)")
        context.emit(.finding(serial: serial, text: text))
        let lately = Set(try culprits(of: entry.publisher, context.now) + [position])
        state.quarantine[position] = record
        guard lately.count >= state.configuration.poisonItems else { return }
        context.emit(.poisonous(serial: serial, reason: "the server closes the stream for its reports, now for \(item)"))
        // One that is months old says nothing about all that came since.
        guard let first = try lately.sorted().first(where: { try isRecent($0, context.now) }) else { return }
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

    private func isRecent(_ position: Int64, _ now: Timestamp) throws -> Bool {
        let memory = Timestamp(milliseconds: 0).adding(state.configuration.poisonMemory).milliseconds
        return try state.readableEntry(at: position).map { abs(now.milliseconds(since: $0.receivedAt)) < memory } ?? false
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
