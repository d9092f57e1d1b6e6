// SPDX-License-Identifier: Apache-2.0

/// Why the link was lost, as far as it matters for what was sent over it.
public enum LinkLoss: Hashable, Sendable {
    /// The server ended the stream with an error about something that it had read (RFC 6120 §4.9.3).
    case rejected
    /// The connection ended without a word: the network failed, or the server did.
    case cut
    /// A restart of the server, a timeout, another component of the same name, our own end: whatever was sent, it is not
    /// the reason.
    case unrelated
}
