// SPDX-License-Identifier: Apache-2.0

/// What a peer may make us hold or look at. Each limit is a defence against a stated attack.
public struct XMLLimits: Sendable, Hashable {
    /// The largest stanza, and the largest stream header, in bytes as they came. Counted before the parser sees a byte.
    /// Prosody drops a component link at 512 KiB.
    public var stanzaBytes = 262_144
    /// The largest tag or reference in bytes, since what is incomplete has to be scanned again when more arrives.
    public var tokenBytes = 65_536
    /// How many bytes may be scanned again within one stanza. One long tag in many small reads is quadratic work.
    public var rescanBytes = 4_194_304
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

    /// The defaults.
    public init() {}
}
