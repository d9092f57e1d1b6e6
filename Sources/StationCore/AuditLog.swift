// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationModel

/// One entry of the hash-chained log. Its hash covers the hash before it, so nothing can be
/// taken out, put in or changed without breaking every hash that follows.
public struct AuditEntry: Sendable, Hashable {
    /// 1, 2, 3, … without a gap.
    public let sequence: Int64
    /// When it was done.
    public let at: Timestamp
    /// Who did it: a JID, or `console` for the Unix socket.
    public let actor: String
    /// What was done, for example `engraved`.
    public let action: String
    /// What it was done to: a serial, a batch, a consumer.
    public let subject: String
    /// JSON text of an object.
    public let detail: String
    /// Hex SHA-256 of the entry before, 64 zeros for the first one.
    public let previousHash: String
    /// Hex SHA-256 over the members of this entry, `previousHash` first.
    public let hash: String

    public init(
        sequence: Int64, at: Timestamp, actor: String, action: String, subject: String, detail: String,
        previousHash: String, hash: String
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The entry that follows `previous`.
    public static func following(
        _ previous: AuditEntry?, at: Timestamp, actor: String, action: String, subject: String, detail: JSON
    ) -> AuditEntry {
        let previousHash = previous?.hash ?? String(repeating: "0", count: 64)
        let sequence = (previous?.sequence ?? 0) &+ 1
        let text = detail.text
        return AuditEntry(
            sequence: sequence, at: at, actor: actor, action: action, subject: subject, detail: text,
            previousHash: previousHash,
            hash: chainHash(previousHash, sequence, at, actor, action, subject, text))
    }

    /// Whether this entry is whole and follows `previous`.
    public func follows(_ previous: AuditEntry?) -> Bool {
        previousHash == (previous?.hash ?? String(repeating: "0", count: 64))
            && sequence == (previous?.sequence ?? 0) &+ 1
            && hash == Self.chainHash(previousHash, sequence, at, actor, action, subject, detail)
    }

    /// A JSON array of all members is unambiguous whatever characters they hold.
    private static func chainHash(
        _ previous: String, _ sequence: Int64, _ at: Timestamp, _ actor: String, _ action: String,
        _ subject: String, _ detail: String
    ) -> String {
        let members: JSON = .array([
            .string(previous), .integer(sequence), .integer(at.milliseconds), .string(actor), .string(action),
            .string(subject), .string(detail),
        ])
        return Hex.encode(Digest.sha256(members.serialized()))
    }
}
