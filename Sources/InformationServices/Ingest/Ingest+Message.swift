// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationProtocol
import XMLStream
import XMPPCore

extension Ingest {
    /// Reports in a message, in elements of their own or in payloads of XEP-0432, for stacks that send no IQs. Nothing
    /// acknowledges them; a refusal is told, and then none of them is stored.
    func receivedMessage(_ stanza: Stanza, _ context: CoreContext) throws {
        let payloads = stanza.element.children.filter {
            $0.isNamed(JSONMessaging.name) || $0.namespace == Namespaces.stationmaster
        }
        for payload in payloads where (JSONMessaging.kind(of: payload) ?? payload.name) != Report.xmlName {
            throw StanzaError(.featureNotImplemented, "unknown kind of payload")
        }
        let before = stanza.from.flatMap { state.publishers.number(of: $0.bare) }.flatMap { state.publishers[$0]?.record }
        let count = state.reports
        do {
            for payload in payloads { try received(stanza, payload, context) }
        } catch {
            // The savepoint takes back what the log has of the first ones; memory goes back with it.
            if let before { state.publishers.put(before) }
            state.reports = count
            throw error
        }
    }
}
