// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// The addresses that a component may send from: its domain and everything below it. A server closes the whole
/// stream on any other `from` (Prosody: `invalid-from`), so it is checked before anything is written.
public struct ComponentAddress: Hashable, Sendable {
    /// The domain, prepared.
    public let domain: String

    /// - Parameter domain: as in the configuration.
    public init(_ domain: String) throws(JIDError) {
        self.domain = try JID(domain).domain
    }

    /// Whether this address is one of ours: any local part and resource at exactly our domain.
    public func owns(_ jid: JID) -> Bool { jid.domain == domain }

    /// The stanza with a `from` of ours: the domain if it has none; nil if it has a foreign one.
    public func stamped(_ stanza: OutgoingStanza) -> OutgoingStanza? {
        if let from = stanza.from { return owns(from) ? stanza : nil }
        guard let jid = try? JID(localpart: nil, domain: domain) else { return nil }
        var stamped = stanza
        stamped.from = jid
        return stamped
    }
}
