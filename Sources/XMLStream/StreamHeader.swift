// SPDX-License-Identifier: Apache-2.0

/// The start tag of a stream (RFC 6120 §4.7).
public struct StreamHeader: Hashable, Sendable {
    /// The name of the root, such as `stream` in `http://etherx.jabber.org/streams`.
    public let name: XMLName
    /// The attributes by name; `xml:lang` with its prefix, `xmlns` and `xmlns:PREFIX` as declared.
    /// An attribute in a namespace of its own stands as `{namespace}local`.
    public let attributes: [String: String]

    /// The identifier of the stream, chosen by the server. XEP-0114 hashes it with the secret.
    public var id: String? { attributes["id"] }
    /// Who says that it sends.
    public var from: String? { attributes["from"] }
    /// Whom the sender means to reach.
    public var to: String? { attributes["to"] }
    /// `1.0` for RFC 6120; XEP-0114 has none.
    public var version: String? { attributes["version"] }
    /// The language of text for people, `xml:lang`.
    public var language: String? { attributes["xml:lang"] }
    /// The namespace of the stanzas, such as `jabber:client`; empty if none was declared.
    public var defaultNamespace: String { attributes["xmlns"] ?? "" }
}
