// SPDX-License-Identifier: Apache-2.0

/// What a peer may make us hold or look at. Each limit is a defence against a stated attack.
public struct XMLLimits: Sendable, Hashable {
    /// The largest stanza, and the largest stream header, in bytes before expat sees them. A `&quot;` in the text of a
    /// stanza counts as the one byte that it means, so that no server makes a stanza too large by escaping its quotes.
    /// Prosody drops a component link at 512 KiB.
    public var stanzaBytes = 262_144
    /// The largest tag in bytes. The header counts as a tag, together with what stands before it.
    public var tokenBytes = 65_536
    /// How deep elements may nest; a stanza is at depth 1, its payload at depth 2.
    public var depth = 24
    /// The most attributes of one element, without namespace declarations.
    public var attributes = 64
    /// The most namespace declarations of one element.
    public var namespaceDeclarations = 16
    /// The longest namespace name in bytes. A name is short on the wire, and in full in each element that uses it.
    public var namespaceBytes = 256
    /// How many new names the parser may learn before it is reset at the next stanza boundary.
    /// expat never forgets a name: 118 MB for a million of them, and remote users choose them.
    public var nameBudget = 4096
    /// Whether a stanza that passes a limit is left out, and the stream goes on. Of such a stanza its start tag with the
    /// attributes is reported, and in it ``XMLStreamParser/refused`` alone; nothing if the start tag itself was too much.
    /// For a link that carries the stanzas of many, where one of them must not end it for all.
    public var skipsStanzas = false
    /// How much of a stanza is skipped before the stream is refused after all, in bytes: more is no stanza.
    /// A server that writes a namespace in full for each short prefix makes gigabytes of 256 KiB.
    public var skippedBytes = 4_294_967_296

    /// The defaults.
    public init() {}

    /// The defaults for a link that carries the stanzas of many (``skipsStanzas``).
    public static var link: XMLLimits {
        var limits = XMLLimits()
        limits.skipsStanzas = true
        return limits
    }
}

extension XMLLimits {
    /// The same limits, within what the parser's arithmetic and memory can hold.
    var sane: XMLLimits {
        var limits = self
        limits.stanzaBytes = min(max(stanzaBytes, 1), 64 * 1_048_576)
        limits.depth = min(max(depth, 0), 4096)
        limits.attributes = min(max(attributes, 0), 65_536)
        limits.nameBudget = max(nameBudget, 1)
        return limits
    }

    /// Follows a stream from its beginning.
    var framer: StanzaFramer {
        StanzaFramer(limits: .init(stanzaBytes: stanzaBytes, tokenBytes: tokenBytes, depth: depth))
    }
}
