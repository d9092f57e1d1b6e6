// SPDX-License-Identifier: Apache-2.0

/// A name of an element or attribute: the local part and the namespace it lives in (Namespaces in XML 1.0 §2).
///
/// Prefixes are no part of it: two documents that differ in prefixes only mean the same.
public struct XMLName: Hashable, Sendable, CustomStringConvertible {
    /// The part after the prefix, such as `iq`.
    public let local: String
    /// The namespace name, such as `jabber:client`; empty for none.
    public let namespace: String

    /// Makes a name. Nothing is checked here: the writer checks what it writes.
    public init(_ local: String, _ namespace: String) {
        self.local = local
        self.namespace = namespace
    }

    /// The name for people, in the notation `{namespace}local`.
    public var description: String { namespace.isEmpty ? local : "{\(namespace)}\(local)" }
}

/// The namespaces that XML itself reserves.
enum ReservedNamespace {
    /// Bound to the prefix `xml` for ever (Namespaces in XML 1.0 §3).
    static let xml = "http://www.w3.org/XML/1998/namespace"
    /// Belongs to `xmlns`, and must never be declared.
    static let xmlns = "http://www.w3.org/2000/xmlns/"
    /// Ours: what stands in the place of a stanza that was refused.
    static let refused = "urn:stationmaster:refused:0"
}
