// SPDX-License-Identifier: Apache-2.0
import Logging
import StationCore
import StationModel
import StationProtocol
import Synchronization
import XMLStream
import XMPPComponent
import XMPPCore

/// The network thread's part: turns a read's stanzas into answers (what needs no state) and requests for the core, and
/// keeps away what a sender may not send (too much of it) or what the core cannot take now.
public final class NetworkSide: ComponentDelegate {
    private let domain: JID
    private let inbox: Inbox
    private let router: Router
    private let logger: Logger
    private let outlet: any StanzaOutlet
    private let clock: any CoreClock
    /// Used by the network thread alone.
    private let reading: Mutex<Reading>

    private struct Reading: ~Copyable {
        var scanner: ReportScanner
        var meter: TrafficMeter
        var log = LimitedSenders()
    }

    init(
        domain: JID, inbox: Inbox, router: Router, outlet: any StanzaOutlet, clock: any CoreClock,
        limits: CoreLimits = CoreLimits(), logger: Logger
    ) {
        self.domain = domain
        self.inbox = inbox
        self.router = router
        self.outlet = outlet
        self.clock = clock
        self.logger = logger
        reading = Mutex(Reading(scanner: ReportScanner(domain: domain), meter: TrafficMeter(limits: limits.traffic)))
    }

    public func componentReady(_ generation: Int) { inbox.append(control: [.linkReady(generation: generation)]) }

    public func componentLost(_ reason: ComponentError) { inbox.append(control: [.linkLost(LinkLoss(reason))]) }

    /// What one read is sorted into.
    private struct Sorted {
        let now: Int64
        var answers = XMLWriter(defaultNamespace: Namespaces.component)
        var control: [CoreRequest] = []
        var items: [ReportBatch.Item] = []
        var others: [Stanza] = []
        /// Senders of reports that their limit refused.
        var limited: Set<JID> = []
    }

    public func componentReceived(_ batch: StanzaBatch) {
        var sorted = Sorted(now: clock.ticks())
        sorted.items.reserveCapacity(batch.count)
        reading.withLock { reading in
            for index in 0..<batch.count {
                guard let report = reading.scanner.scan(batch, index) else {
                    sort(batch[index], &reading, &sorted)
                    continue
                }
                let verdict = reading.meter.take(report, batch, now: sorted.now)
                if verdict == .taken {
                    sorted.items.append(.plain(report))
                } else if let stanza = try? Stanza(batch[index]) {
                    refuse(stanza, .report, verdict, &reading, &sorted)
                }
            }
        }
        // Before the reports that follow them in this read and in later ones.
        if !sorted.limited.isEmpty { inbox.shed(sorted.limited) }
        if !sorted.control.isEmpty {
            // Each of them keeps the whole read in memory, reports and all.
            let bytes = max(sorted.control.count * Self.stanzaBytes, batch.memoryBytes)
            if !inbox.append(control: sorted.control, bytes: bytes) {
                let stanzas = sorted.control.compactMap { if case .stanza(let stanza) = $0 { stanza } else { nil } }
                refuse(stanzas, &sorted.answers)
                if stanzas.contains(where: { $0.kind == .presence }) { inbox.presenceLost() }
                // A report in a message (XEP-0432) comes as control.
                let senders = stanzas.filter { TrafficKind(of: $0) == .report }.compactMap(\.from)
                if !senders.isEmpty { inbox.shed(senders) }
            }
        }
        if !sorted.items.isEmpty {
            let reports = ReportBatch(stanzas: batch, items: sorted.items, others: sorted.others)
            if !inbox.append(data: [.reports(reports)], bytes: reports.memoryBytes) { shed(reports, &sorted.answers) }
        }
        if sorted.answers.count > 0 { _ = outlet.deliver(sorted.answers.take()) }
    }

    /// What a stanza is reckoned at in queues; at least, since it keeps the whole read in memory.
    private static let stanzaBytes = 1024

    private func sort(_ element: XMLElement, _ reading: inout Reading, _ sorted: inout Sorted) {
        guard let stanza = try? Stanza(element) else {
            return answerUnreadable(element, &reading, &sorted)
        }
        let kind = TrafficKind(of: stanza)
        guard let sender = stanza.from else { return }
        let verdict = reading.meter.take(kind, sender, now: sorted.now)
        guard verdict == .taken else { return refuse(stanza, kind, verdict, &reading, &sorted) }
        switch router.route(stanza) {
        case .reply(let answer): write(answer, &sorted.answers)
        case .ignore: break
        case .core(let stanza):
            if stanza.kind == .iq, stanza.type == "set", stanza.payload?.isNamed(Report.xmlName) == true {
                sorted.items.append(.other(sorted.others.count))
                sorted.others.append(stanza)
            } else if kind == .report, stanza.outer != nil,
                case let verdict = reading.meter.take(.control, sender, now: sorted.now), verdict != .taken
            {
                refuse(stanza, .control, verdict, &reading, &sorted)
            } else {
                sorted.control.append(.stanza(stanza))
            }
        }
    }

    /// A stanza with an address that is none. Who asks something of a malformed address of ours is told (RFC 6120 §8.2.3,
    /// §8.3.3.8), by the domain itself; a sender without a readable address cannot be answered.
    private func answerUnreadable(_ element: XMLElement, _ reading: inout Reading, _ sorted: inout Sorted) {
        guard element.localName == "iq", ["get", "set"].contains(element.attribute("type")),
            let sender = element.attribute("from").flatMap({ try? JID($0) }),
            reading.meter.take(.control, sender, now: sorted.now) == .taken
        else {
            logger.debug("stanza without a readable address", metadata: ["name": "\(element.localName)"])
            return
        }
        let answer = OutgoingStanza(
            .iq, type: "error", id: element.attribute("id"), from: domain, to: sender,
            payload: [StanzaError(.jidMalformed, "the address is not valid").element])
        write(answer, &sorted.answers)
    }

    /// An answer is from the address that was asked. A server that hands us what is not ours gets none, since it would end
    /// the link for it.
    private func write(_ answer: OutgoingStanza?, _ answers: inout XMLWriter) {
        guard let answer, !answer.write(from: domain.domain, into: &answers) else { return }
        logger.debug("what is addressed to another domain is not answered")
    }

    // MARK: - Too much

    /// The sender, or its domain, sends more than it may: it is told once, and then not until its bucket has recovered.
    private func refuse(
        _ stanza: Stanza, _ kind: TrafficKind, _ verdict: TokenBuckets.Verdict, _ reading: inout Reading,
        _ sorted: inout Sorted
    ) {
        if kind == .report, let sender = stanza.from { sorted.limited.insert(sender.bare) }
        reading.log.count(stanza, kind, now: sorted.now, logger)
        guard verdict == .tell else { return }
        let error = kind == .report
            ? StanzaError(.resourceConstraint, "too many reports; send them more slowly")
            : StanzaError(.policyViolation, "too many requests; send them more slowly", kind: .wait)
        write(stanza.error(error), &sorted.answers)
    }

    /// Overload: refused before memory grows; the core is told, so that what follows from the same
    /// station is refused too until the refused report has come again.
    private func shed(_ reports: ReportBatch, _ answers: inout XMLWriter) {
        let stanzas = reports.allStanzas
        refuse(stanzas, &answers)
        inbox.shed(stanzas.compactMap(\.from))
    }

    private func refuse(_ stanzas: [Stanza], _ answers: inout XMLWriter) {
        for stanza in stanzas {
            write(stanza.error(StanzaError(.resourceConstraint, "too busy; try again later")), &answers)
        }
    }
}

/// Says in the log that senders were limited, every ten seconds at most.
private struct LimitedSenders {
    private var refused = 0
    private var silentUntil = Int64.min
    private static let silence: Int64 = 10_000_000_000

    mutating func count(_ stanza: Stanza, _ kind: TrafficKind, now: Int64, _ logger: Logger) {
        refused &+= 1
        guard now >= silentUntil else { return }
        logger.notice(
            "a sender sends too much",
            metadata: [
                "sender": "\(stanza.from?.bare.description ?? "")", "kind": "\(kind)", "refused-so-far": "\(refused)",
            ])
        silentUntil = now &+ Self.silence
    }
}

extension LinkLoss {
    /// What the end of a connection says about what was sent over it.
    init(_ error: ComponentError) {
        if let condition = error.condition {
            self = condition.isAboutContent ? .rejected : .unrelated
        } else {
            self = error.code == .closed ? .cut : .unrelated
        }
    }
}

extension TrafficKind {
    /// What a stanza counts as. A stanza inside another (XEP-0295) counts as a report: those who use it are stations.
    init(of stanza: Stanza) {
        switch stanza.kind {
        case .iq where stanza.isAnswer: self = .answer
        case .iq where stanza.type == "set":
            guard let payload = stanza.payload else {
                self = .control
                return
            }
            if payload.isNamed(Report.xmlName) || payload.isNamed(JSONStanza.name) {
                self = .report
            } else {
                self = payload.isNamed(Ack.xmlName) ? .answer : .control
            }
        case .message where stanza.isError: self = .answer
        case .message where stanza.payload?.isNamed(JSONMessaging.name) == true: self = .report
        default: self = .control
        }
    }
}

extension TrafficMeter {
    /// Counts a plain report; nothing is allocated.
    @inline(__always)
    mutating func take(_ report: PlainReport, _ batch: StanzaBatch, now: Int64) -> TokenBuckets.Verdict {
        let from = batch.bytes(report.from)
        let start = report.localLength &+ 1
        let domain = UnsafeBufferPointer(rebasing: from[start..<(start &+ report.domainLength)])
        return take(.report, localHash: report.hash, domainHash: ByteHash.of(domain), now: now)
    }
}
