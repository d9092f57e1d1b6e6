// SPDX-License-Identifier: Apache-2.0
import Logging
import StationCore
import StationProtocol
import Synchronization
import XMLStream
import XMPPComponent
import XMPPCore

/// The network thread's part: turns a read's stanzas into answers (what needs no state) and requests for the core.
public final class NetworkSide: ComponentDelegate {
    private let inbox: Inbox
    private let router: Router
    private let logger: Logger
    private let outlet: any StanzaOutlet
    /// Used by the network thread alone.
    private let scanner: Mutex<ReportScanner>

    init(domain: JID, inbox: Inbox, router: Router, outlet: any StanzaOutlet, logger: Logger) {
        self.inbox = inbox
        self.router = router
        self.outlet = outlet
        self.logger = logger
        scanner = Mutex(ReportScanner(domain: domain))
    }

    public func componentReady() { inbox.append(control: [.linkReady]) }

    public func componentLost(_ reason: String) { inbox.append(control: [.linkLost]) }

    /// What one read is sorted into.
    private struct Sorted {
        var answers = XMLWriter(defaultNamespace: Namespaces.component)
        var control: [CoreRequest] = []
        var items: [ReportBatch.Item] = []
        var others: [Stanza] = []
    }

    public func componentReceived(_ batch: StanzaBatch) {
        var sorted = Sorted()
        sorted.items.reserveCapacity(batch.count)
        scanner.withLock { scanner in
            for index in 0..<batch.count {
                if let report = scanner.scan(batch, index) {
                    sorted.items.append(.plain(report))
                } else {
                    sort(batch[index], &sorted)
                }
            }
        }
        if !sorted.control.isEmpty, !inbox.append(control: sorted.control, bytes: sorted.control.count * Self.stanzaBytes) {
            refuse(sorted.control.compactMap { if case .stanza(let stanza) = $0 { stanza } else { nil } }, &sorted.answers)
        }
        if !sorted.items.isEmpty {
            let reports = ReportBatch(stanzas: batch, items: sorted.items, others: sorted.others)
            if !inbox.append(data: [.reports(reports)], bytes: reports.memoryBytes) { shed(reports, &sorted.answers) }
        }
        if sorted.answers.count > 0 { _ = outlet.deliver(sorted.answers.take()) }
    }

    /// What a stanza is reckoned at in queues.
    private static let stanzaBytes = 1024

    private func sort(_ element: XMLElement, _ sorted: inout Sorted) {
        guard let stanza = try? Stanza(element) else { return dropUnreadable(element) }
        switch router.route(stanza) {
        case .reply(let answer): answer.write(into: &sorted.answers)
        case .ignore: break
        case .core(let stanza):
            if stanza.kind == .iq, stanza.type == "set", stanza.payload?.isNamed(Report.xmlName) == true {
                sorted.items.append(.other(sorted.others.count))
                sorted.others.append(stanza)
            } else {
                sorted.control.append(.stanza(stanza))
            }
        }
    }

    /// A stanza whose addresses are none cannot be answered: nobody knows to whom. The server, which has stamped
    /// them, does not let such a one through.
    private func dropUnreadable(_ element: XMLElement) {
        logger.debug("stanza without a readable address", metadata: ["name": "\(element.localName)"])
    }

    /// Overload: refused before memory grows; the core is told, so that what follows from the same
    /// station is refused too until the refused report has come again.
    private func shed(_ reports: ReportBatch, _ answers: inout XMLWriter) {
        let stanzas = reports.allStanzas
        refuse(stanzas, &answers)
        inbox.append(control: stanzas.compactMap { $0.from.map(CoreRequest.shed) })
    }

    private func refuse(_ stanzas: [Stanza], _ answers: inout XMLWriter) {
        for stanza in stanzas {
            stanza.error(StanzaError(.resourceConstraint, "too busy; try again later"))?.write(into: &answers)
        }
    }
}
