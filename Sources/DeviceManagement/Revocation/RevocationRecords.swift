// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// The two authorities of this component.
public enum AuthorityRole: String, Sendable, Hashable, CaseIterable {
    /// Signs IDevIDs.
    case maker
    /// Signs LDevIDs.
    case owner
}

/// A station's certificate that was replaced or revoked.
public struct CertificateRecord: Sendable, Hashable {
    /// Who signed it.
    public let authority: AuthorityRole
    /// Its serial number in hexadecimal.
    public let number: String
    /// The station.
    public let serial: Serial
    /// After that no list needs to name it.
    public let notAfter: Timestamp

    public init(authority: AuthorityRole, number: String, serial: Serial, notAfter: Timestamp) {
        self.authority = authority
        self.number = number
        self.serial = serial
        self.notAfter = notAfter
    }
}

/// The list of revoked certificates that an authority has signed last, or is to sign.
public struct RevocationListRecord: Sendable, Hashable {
    /// Whose list it is.
    public let authority: AuthorityRole
    /// Higher than that of any list before.
    public let number: Int64
    /// A server that still has this list by then lets nobody in.
    public let nextUpdate: Timestamp
    /// Whether the file is on the disk.
    public var isPublished: Bool

    public init(authority: AuthorityRole, number: Int64, nextUpdate: Timestamp, isPublished: Bool) {
        self.authority = authority
        self.number = number
        self.nextUpdate = nextUpdate
        self.isPublished = isPublished
    }
}

/// The sessions of an account that the server has to end: a row until it has done so, or has refused.
public struct SessionEndRecord: Sendable, Hashable {
    /// The bare JID.
    public let jid: JID
    /// The station.
    public let serial: Serial
    /// Since when.
    public let since: Timestamp
    /// They have been ended once; once more when the server has read the list, since the station may have come back between.
    public var hasEnded: Bool

    public init(jid: JID, serial: Serial, since: Timestamp, hasEnded: Bool = false) {
        self.jid = jid
        self.serial = serial
        self.since = since
        self.hasEnded = hasEnded
    }
}

/// How a revocation is made known to the server.
public struct RevocationConfiguration: Sendable {
    /// Puts a list (CA and CRL in PEM) where the server reads it, whole or not at all; returns what went wrong.
    /// Without it there are no lists.
    public var write: (@Sendable (AuthorityRole, String) -> String?)?
    /// How long a list is good; it is renewed at half of it.
    public var listLifetime: Duration = .seconds(30 * 86_400)
    /// Whether the server is asked to end the sessions of a revoked station (XEP-0133).
    public var endsSessions = true
    /// Whether the server is asked to read its configuration, and with it the lists, again (Prosody).
    public var reloadsServer = true

    public init() {}
}
