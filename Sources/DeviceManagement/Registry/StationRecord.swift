// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// What is known of one station, as it stands in the registry.
public struct StationRecord: Sendable, Hashable {
    /// The serial.
    public var serial: Serial
    /// The model; empty for one of another maker.
    public var model: String
    /// Hardware class, to which releases are addressed.
    public var hardware: String
    /// Where it stands in its life.
    public var state: StationState
    /// The owner's name; nil until a station is introduced.
    public var owner: String?
    /// The engraved key: 65-byte uncompressed P-256 point, unique in the registry.
    public var identityKey: [UInt8]
    /// The IDevID certificate, DER.
    public var identityCertificate: [UInt8]
    /// The signed engraving receipt (an envelope as JSON text); nil for a station of another maker.
    public var receipt: String?
    /// The LDevID key, once installed.
    public var operationalKey: [UInt8]?
    /// The LDevID certificate, DER.
    public var operationalCertificate: [UInt8]?
    /// The bare JID from which it reports, once installed.
    public var jid: JID?
    /// The version that runs, as people write it.
    public var firmwareVersion: String
    /// Its sequence; grows with each release.
    public var firmwareSequence: Int64 {
        didSet { highestSequence = max(highestSequence, firmwareSequence) }
    }
    /// The highest sequence that it has ever run: what is offered has to be above it, and what runs not below.
    public private(set) var highestSequence: Int64
    /// Where it says that it stands.
    public var position: StationPosition?
    /// Whether the server sends us its presence.
    public var isSubscribed: Bool
    /// Whether it speaks XEP-0295 only.
    public var speaksJSONOnly: Bool
    /// When it got its identity; nil for one of another maker.
    public var engravedAt: Timestamp?
    /// When it was introduced last.
    public var installedAt: Timestamp?
    /// When it was heard of last; written now and then.
    public var lastSeen: Timestamp?

    public init(
        serial: Serial, model: String, hardware: String, state: StationState, owner: String? = nil,
        identityKey: [UInt8], identityCertificate: [UInt8], receipt: String? = nil, operationalKey: [UInt8]? = nil,
        operationalCertificate: [UInt8]? = nil, jid: JID? = nil, firmwareVersion: String = "",
        firmwareSequence: Int64 = 0, highestSequence: Int64 = 0, position: StationPosition? = nil,
        isSubscribed: Bool = false, speaksJSONOnly: Bool = false, engravedAt: Timestamp? = nil,
        installedAt: Timestamp? = nil, lastSeen: Timestamp? = nil
    ) {
        self.serial = serial
        self.model = model
        self.hardware = hardware
        self.state = state
        self.owner = owner
        self.identityKey = identityKey
        self.identityCertificate = identityCertificate
        self.receipt = receipt
        self.operationalKey = operationalKey
        self.operationalCertificate = operationalCertificate
        self.jid = jid
        self.firmwareVersion = firmwareVersion
        self.firmwareSequence = firmwareSequence
        self.highestSequence = max(highestSequence, firmwareSequence)
        self.position = position
        self.isSubscribed = isSubscribed
        self.speaksJSONOnly = speaksJSONOnly
        self.engravedAt = engravedAt
        self.installedAt = installedAt
        self.lastSeen = lastSeen
    }
}

/// A place on WGS 84.
public struct StationPosition: Sendable, Hashable {
    /// Degrees north.
    public let latitude: Double
    /// Degrees east.
    public let longitude: Double
    /// Meters above sea level.
    public let altitude: Double?

    public init(latitude: Double, longitude: Double, altitude: Double?) {
        self.latitude = latitude
        self.longitude = longitude
        self.altitude = altitude
    }
}

/// What the roster keeps of an installed station.
public struct InstalledStation: Sendable, Hashable {
    /// The serial.
    public let serial: Serial
    /// The bare JID from which it reports.
    public let jid: JID
    /// Whether it speaks XEP-0295 only.
    public let speaksJSONOnly: Bool
    /// Whether the server sends us its presence.
    public let isSubscribed: Bool
    /// When it was heard of last.
    public let lastSeen: Timestamp?

    public init(serial: Serial, jid: JID, speaksJSONOnly: Bool, isSubscribed: Bool, lastSeen: Timestamp?) {
        self.serial = serial
        self.jid = jid
        self.speaksJSONOnly = speaksJSONOnly
        self.isSubscribed = isSubscribed
        self.lastSeen = lastSeen
    }
}

/// A batch of serials that may be engraved for some hours.
public struct BatchRecord: Sendable, Hashable {
    /// The batch's name.
    public let name: String
    /// The model that is made.
    public let model: String
    /// When it was opened.
    public let opened: Timestamp
    /// Nothing of it is engraved at or after this time.
    public let closes: Timestamp

    public init(name: String, model: String, opened: Timestamp, closes: Timestamp) {
        self.name = name
        self.model = model
        self.opened = opened
        self.closes = closes
    }
}

/// A challenge that has been given out and not been answered yet.
public struct ChallengeRecord: Sendable, Hashable {
    /// 32 random bytes; the key of the row.
    public let nonce: [UInt8]
    /// The exact bytes that are to be signed.
    public let message: [UInt8]
    /// How many one bare JID may have open; beyond it the oldest is forgotten.
    public static let mostForOneJID = 64
    /// How many there are at most; beyond it the oldest is forgotten.
    public static let most = 100_000

    /// The bare JID that asked.
    public let jid: JID
    /// The serial that it is about.
    public let serial: Serial
    /// The request that it belongs to, as JSON text (`engrave` or `introduce`).
    public let request: String
    /// When the challenge can no longer be answered.
    public let expires: Timestamp

    public init(nonce: [UInt8], message: [UInt8], jid: JID, serial: Serial, request: String, expires: Timestamp) {
        self.nonce = nonce
        self.message = message
        self.jid = jid
        self.serial = serial
        self.request = request
        self.expires = expires
    }
}
