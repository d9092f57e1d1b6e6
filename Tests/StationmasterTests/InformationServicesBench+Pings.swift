// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore

/// The server's part: what the component sends to its own domain comes back.
extension InformationBench {
    static func isPing(_ stanza: Element) -> Bool {
        stanza["to"] == domain && stanza["type"] == "get" && stanza.firstChild(Ping.payload) != nil
    }

    /// The pings among these come back.
    func answer(_ stanzas: [Element]) throws {
        for stanza in stanzas where Self.isPing(stanza) {
            try receive("<iq type='result' id='\(stanza["id"] ?? "")' from='\(Self.domain)' to='\(Self.domain)'/>")
        }
    }

    /// What is sent until no more pings come; all of them come back. Nothing that was sent is missing.
    @discardableResult
    func echoed() throws -> [Element] {
        var others: [Element] = []
        for _ in 0..<1000 {
            let sent = try sent()
            if sent.isEmpty { break }
            others += sent.filter { !Self.isPing($0) }
            try answer(sent)
        }
        return others
    }
}
