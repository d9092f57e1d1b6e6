// SPDX-License-Identifier: Apache-2.0
import Logging
import StationCore
import StationProtocol
import XMLStream
import XMPPComponent
import XMPPCore

/// The network thread's part: turns a read's stanzas into answers (what needs no state) and requests for the core.
public final class NetworkSide: ComponentDelegate {
    private let inbox: Inbox
    private let router: Router
    private let logger: Logger
    private let outlet: any StanzaOutlet

    init(inbox: Inbox, router: Router, outlet: any StanzaOutlet, logger: Logger) {
        self.inbox = inbox
        self.router = router
        self.outlet = outlet
        self.logger = logger
    }

    public func componentReady() { inbox.append(control: [.linkReady]) }

    public func componentLost(_ reason: String) { inbox.append(control: [.linkLost]) }

    public func componentReceived(_ batch: StanzaBatch) {
        var answers = XMLWriter(defaultNamespace: Namespaces.component)
        var control: [CoreRequest] = []
        var data: [CoreRequest] = []
        var controlBytes = 0
        var dataBytes = 0
        for index in 0..<batch.count {
            let element = batch[index]
            guard let stanza = try? Stanza(element) else {
                dropUnreadable(element)
                continue
            }
            switch router.route(stanza) {
            case .reply(let answer): answer.write(into: &answers)
            case .ignore: break
            case .core(let stanza):
                if stanza.kind == .iq, stanza.type == "set", stanza.payload?.isNamed(Report.xmlName) == true {
                    data.append(.stanza(stanza))
                    dataBytes += 1024
                } else {
                    control.append(.stanza(stanza))
                    controlBytes += 1024
                }
            }
        }
        if !control.isEmpty, !inbox.append(control: control, bytes: controlBytes) { refuse(control, &answers) }
        if !data.isEmpty, !inbox.append(data: data, bytes: dataBytes) { shed(data, &answers) }
        if answers.count > 0 { _ = outlet.deliver(answers.take()) }
    }

    /// A stanza whose addresses are none cannot be answered: nobody knows to whom. The server, which has stamped
    /// them, does not let such a one through.
    private func dropUnreadable(_ element: XMLElement) {
        logger.debug("stanza without a readable address", metadata: ["name": "\(element.localName)"])
    }

    /// Overload: refused before memory grows; the core is told, so that what follows from the same
    /// station is refused too until the refused report has come again.
    private func shed(_ requests: [CoreRequest], _ answers: inout XMLWriter) {
        refuse(requests, &answers)
        let senders = requests.compactMap { request -> CoreRequest? in
            guard case .stanza(let stanza) = request, let from = stanza.from else { return nil }
            return .shed(from)
        }
        inbox.append(control: senders)
    }

    private func refuse(_ requests: [CoreRequest], _ answers: inout XMLWriter) {
        for request in requests {
            guard case .stanza(let stanza) = request,
                let answer = stanza.error(StanzaError(.resourceConstraint, "too busy; try again later"))
            else { continue }
            answer.write(into: &answers)
        }
    }
}
