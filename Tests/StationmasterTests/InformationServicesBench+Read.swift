// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationProtocol
import XMLStream
import XMPPCore

extension InformationBench {
    /// Stanzas that came in one read, as the network side hands them over. Returns how many of them are plain reports.
    @discardableResult
    func read(_ stanzas: [String]) throws -> Int {
        let header = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>"
        var scanner = ReportScanner(domain: try JID(Self.domain))
        var plain = 0
        for event in try XMLStreamParser().feed(Array((header + stanzas.joined()).utf8)) {
            guard case .stanzas(let batch) = event else { continue }
            var items: [ReportBatch.Item] = []
            var others: [Stanza] = []
            for index in 0..<batch.count {
                if let report = scanner.scan(batch, index) {
                    items.append(.plain(report))
                    plain += 1
                } else {
                    items.append(.other(others.count))
                    others.append(try Stanza(batch[index]))
                }
            }
            try process([.reports(ReportBatch(stanzas: batch, items: items, others: others))])
        }
        return plain
    }
}
