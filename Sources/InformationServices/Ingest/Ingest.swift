// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// A report that has just been stored, on its way to those who may see it.
struct StoredReport {
    let publisher: Int64
    let serial: Serial
    let position: Int64
    /// Whether a report with a higher number was stored before it.
    let isLate: Bool
    /// The JSON text exactly as received.
    let body: [UInt8]
    let measurements: [SenMLMeasurement]
}

/// What becomes of a stored report.
struct ReportSinks {
    /// Called for each report of the general road, before its transaction commits.
    let stored: (StoredReport, CoreContext) -> Void
    /// Whether somebody watches a station more closely than by subscription, so that its reports take the general road.
    let isWatched: (Int64) -> Bool
    /// Called after the commit for each report of the straight road.
    let fanOut: (Int64, Int64, UnsafeBufferPointer<UInt8>, CoreOutput) -> Void
}

/// Takes reports: who sends, whether it reads well, whether its number fits; stores, acknowledges, hands on.
///
/// Per report nothing is read from the store, but for numbers that are not higher than the last one.
final class Ingest {
    let state: InformationState
    let sinks: ReportSinks
    /// See ``result(from:)``.
    let result: PreparedPattern?
    /// When a fork of a station was last put on record, so that a loop does not fill the log.
    private var forkedAt: [Int64: Timestamp] = [:]
    private static let forkSilence: Int64 = 60_000
    /// When a station was last told that the log cannot judge its number.
    private var unreadableAt: [Int64: Timestamp] = [:]

    init(state: InformationState, sinks: ReportSinks) {
        self.state = state
        self.sinks = sinks
        result = Self.result(from: state.domain)
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.set, Report.xmlName) { [self] stanza, context in
            guard let payload = stanza.payload else { throw StanzaError.notAllowed }
            try received(stanza, payload, context)
        }
        core.reports { [self] in try received($0, $1, $2) }
        for payload in [Report.xmlName, JSONMessaging.name] {
            core.message(payload) { [self] in try receivedMessage($0, $1) }
        }
        core.shed { [self] sender, context in refused(sender, context) }
        core.linkReady { [self] in try linkReady($0) }
    }

    /// What was on its way may be lost. Only the first time of all is nothing on its way that this store has ever asked
    /// for, so a station begins with the number it likes.
    private func linkReady(_ context: CoreContext) throws {
        let isFirst = try !state.store.wasLinked()
        if isFirst { try state.store.setLinked() }
        state.publishers.expectOrder(at: context.now, alsoFirst: !isFirst)
    }

    /// The inbox was full, or the sender sent too much: what follows the refused report has to wait for it.
    private func refused(_ sender: JID?, _ context: CoreContext) {
        guard let sender else { return state.publishers.expectOrder(at: context.now) }
        guard let number = state.publishers.number(of: sender.bare) else { return }
        state.publishers.setRefused(number, at: context.now)
    }

    // MARK: - Taking a report

    func received(_ stanza: Stanza, _ payload: XMLElement, _ context: CoreContext) throws {
        guard stanza.to?.localpart == nil, let from = stanza.from,
            let number = state.publishers.number(of: from.bare), let publisher = state.publishers[number],
            publisher.record.state == .active
        else { throw StanzaError.notAllowed }
        let report = try Self.report(in: payload)
        let body = try JSONContainer.container(in: payload).withText { [UInt8]($0) }
        let measurements = try Self.measurements(report, of: publisher.record.serial, now: context.now)
        let verdict = SequenceRule.judge(
            report.seq, last: publisher.record.lastSequence, owes: owes(publisher, context.now),
            saysGap: report.gap)
        switch verdict {
        case .next:
            try store(stanza, report, body, measurements, publisher, context)
            forgetRefusal(publisher, context)
        case .afterGap(let missing):
            try store(stanza, report, body, measurements, publisher, context)
            let range = "\(missing.lowerBound)–\(missing.upperBound)"
            context.journal(publisher.record.serial, .report, "gap", detail: "missing seq \(range)")
            state.publishers.setRefused(number, at: nil)
        case .seenOrLate:
            try seenOrLate(stanza, report, body, measurements, publisher, context)
        case .refused(let expected):
            throw StanzaError(
                .unexpectedRequest, "an earlier report is missing", kind: .wait,
                application: Self.expected(expected))
        }
    }

    /// The report in an element of its own, or in a payload of XEP-0432.
    private static func report(in payload: XMLElement) throws(StanzaError) -> Report {
        guard payload.isNamed(JSONMessaging.name) else { return try Report.decode(payload) }
        let document = try JSONContainer.json(in: payload)
        do throws(JSONError) { return try Report.decode(document.root) } catch {
            throw StanzaError(.badRequest, error.description)
        }
    }

    /// Whether a leap is refused; a station that does not understand `expected` is not locked out for ever.
    private func owes(_ publisher: Publisher, _ now: Timestamp) -> Bool {
        publisher.refusedAt.map { now < $0.adding(state.configuration.refusalMemory * 5) } ?? false
    }

    /// `<expected seq='n'/>`: the report that has to come first.
    private static func expected(_ sequence: Int64) -> Element {
        Element(XMLName("expected", Namespaces.stationmaster), ["seq": String(sequence)])
    }

    /// A station that owes a report and goes on without a leap has made it good, once those reports are
    /// through that were already waiting when the other one was refused.
    private func forgetRefusal(_ publisher: Publisher, _ context: CoreContext) {
        guard let at = publisher.refusedAt, context.now >= at.adding(state.configuration.refusalMemory) else { return }
        state.publishers.setRefused(publisher.record.number, at: nil)
    }

    /// The records with base values applied; names of other stations are refused.
    private static func measurements(
        _ report: Report, of serial: Serial, now: Timestamp
    ) throws(StanzaError) -> [SenMLMeasurement] {
        var measurements: [SenMLMeasurement]
        do {
            measurements = try SenMLPack(report.records).resolve(now: now)
        } catch {
            throw StanzaError(.badRequest, "\(error.flaw.rawValue) at /records/\(error.record)")
        }
        for index in measurements.indices {
            guard let local = StationNames.local(measurements[index].name, of: serial) else {
                throw StanzaError(.badRequest, "the name of another station at /records/\(measurements[index].record)")
            }
            if local.utf8.count != measurements[index].name.utf8.count { measurements[index].name = String(local) }
        }
        return measurements
    }

    // MARK: - Storing

    private func store(
        _ stanza: Stanza, _ report: Report, _ body: [UInt8], _ measurements: [SenMLMeasurement],
        _ publisher: Publisher, _ context: CoreContext, isLate: Bool = false
    ) throws {
        guard ItemSize.fits(body) else {
            throw StanzaError(.policyViolation, "the report is too large to be passed on; send the records in several")
        }
        let record = publisher.record
        let position = try body.withUnsafeBufferPointer {
            try state.log.append(
                publisher: record.number, sequence: report.seq, receivedAt: context.now, isLate: isLate, body: $0)
        }
        state.publishers.stored(record.number, sequence: report.seq, position: position, at: context.now)
        state.reports &+= 1
        context.reply(to: stanza)
        sinks.stored(
            StoredReport(
                publisher: record.number, serial: record.serial, position: position,
                isLate: isLate, body: body, measurements: measurements), context)
    }

    private func seenOrLate(
        _ stanza: Stanza, _ report: Report, _ body: [UInt8], _ measurements: [SenMLMeasurement],
        _ publisher: Publisher, _ context: CoreContext
    ) throws {
        let number = publisher.record.number
        let found: LogEntry?
        do { found = try state.log.lookup(publisher: number, sequence: report.seq) } catch is StoreDamage {
            return unreadable(stanza, report.seq, publisher, context)
        }
        guard let earlier = found else {
            try store(stanza, report, body, measurements, publisher, context, isLate: true)
            context.journal(publisher.record.serial, .report, "late report", detail: "seq \(report.seq)")
            return
        }
        if Self.isSame(earlier.body, body) {
            return context.reply(to: stanza)
        }
        try forked(stanza, report.seq, earlier, publisher, context)
    }

    /// Nobody can say any more whether the number stands for this report. The station takes a new one, as after any
    /// conflict: told to try again later, it would do so for ever, and its newer reports would wait.
    private func unreadable(_ stanza: Stanza, _ sequence: Int64, _ publisher: Publisher, _ context: CoreContext) {
        let text = "what is stored under seq \(sequence) cannot be read any more; send the report under a new number"
        context.reply(to: stanza, error: StanzaError(.conflict, text))
        let last = unreadableAt[publisher.record.number]
        if let last, context.now.milliseconds(since: last) < Self.forkSilence, context.now >= last { return }
        context.journal(publisher.record.serial, .report, "number refused", detail: text)
        unreadableAt[publisher.record.number] = context.now
    }

    /// Whether two bodies say the same. A station may say `gap` when it sends again.
    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        if a == b { return true }
        guard let first = try? JSONDocument(a), let second = try? JSONDocument(b) else { return false }
        return first.root["records"]?.json == second.root["records"]?.json
    }

    /// Two different reports under one number: a clone, or a station that has lost its memory.
    private func forked(
        _ stanza: Stanza, _ sequence: Int64, _ earlier: LogEntry, _ publisher: Publisher, _ context: CoreContext
    ) throws {
        context.reply(
            to: stanza, error: StanzaError(.conflict, "another report was stored under seq \(sequence)"))
        let serial = publisher.record.serial
        let last = forkedAt[publisher.record.number]
        if let last, context.now.milliseconds(since: last) < Self.forkSilence, context.now >= last { return }
        let sender = stanza.from?.description ?? ""
        try context.audit(
            actor: sender, action: "sequence forked", subject: serial.description,
            detail: .object(["seq": .integer(sequence), "stored": .string(state.item(earlier.position))]))
        context.journal(serial, .report, "conflict", detail: "another body under seq \(sequence), from \(sender)")
        context.emit(.sequenceForked(serial: serial, seq: sequence))
        forkedAt[publisher.record.number] = context.now
    }
}
