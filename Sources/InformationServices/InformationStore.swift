// SPDX-License-Identifier: Apache-2.0
import Governance
import StationModel
import XMPPCore

/// What information services keep on disk. Implemented by the store, on the one connection, in the transaction of
/// the batch: no method begins or commits, and whatever one throws undoes the request.
public protocol InformationStore: AnyObject {
    /// The reports.
    var log: any ReportLog { get }
    /// Part of each item id; grows when the store is restored from a backup.
    func epoch() throws -> Int64
    /// Whether the link to the server was up once with this store.
    func wasLinked() throws -> Bool
    func setLinked() throws

    // Retention

    /// Gives up the oldest part of the log: if all of it was stored before `time`, or if the log has more than `bytes`;
    /// nothing behind `position`. Returns the first position that remains, or nil if nothing was given up.
    func giveUp(storedBefore time: Timestamp?, beyond bytes: Int64?, upTo position: Int64) throws -> Int64?
    /// After the commit: lets go of what lies before a position that ``giveUp(storedBefore:beyond:upTo:)`` returned.
    func remove(before position: Int64)

    // Publishers: stations that may report. A row is never removed, since the log refers to it.

    /// The highest number of a publisher; 0 if there is none.
    func lastPublisher() throws -> Int64
    /// Calls `body` for each publisher, by number.
    func eachPublisher(_ body: (StoredPublisher) throws -> Void) throws
    /// Adds a publisher, or writes JID and state of a known one; progress is written by ``setProgress(_:)``.
    func put(_ publisher: PublisherRecord) throws
    func setProgress(_ progress: [PublisherProgress]) throws
    /// Up to which position the publishers' rows know their progress; beyond it the log is asked.
    func progressPosition() throws -> Int64
    func setProgressPosition(_ position: Int64) throws

    // Grants

    func grants() throws -> [Grant]
    func insert(_ grant: Grant) throws
    func remove(_ grant: Grant) throws

    // Subscriptions

    func subscriptions() throws -> [SubscriptionRecord]
    func insert(_ subscription: SubscriptionRecord) throws
    /// Options, cursor and taker.
    func update(_ subscription: SubscriptionRecord) throws
    func setCursor(_ subid: String, _ position: Int64) throws
    func removeSubscription(_ subid: String) throws

    // Quarantine: items that are not sent any more.

    func quarantine() throws -> [QuarantineRecord]
    func insert(_ quarantined: QuarantineRecord) throws
    func removeQuarantine(_ position: Int64) throws

    // Contacts: people and programs that have a station in their roster.

    func contacts() throws -> [ContactRecord]
    func insert(_ contact: ContactRecord) throws
    func remove(_ contact: ContactRecord) throws
}

/// Whether a station may report.
public enum PublisherState: String, Sendable, CaseIterable {
    case active, suspended, revoked, retired
}

/// A publisher as it stands in the store, lent for the moment: a start reads a million of them.
public struct StoredPublisher {
    /// 1, 2, 3, …
    public let number: Int64
    /// The serial as engraved.
    public let serial: UnsafeBufferPointer<UInt8>
    /// The bare JID, prepared.
    public let jid: UnsafeBufferPointer<UInt8>
    /// Whether its reports are taken.
    public let state: PublisherState
    /// The highest sequence stored; 0 before the first report.
    public let lastSequence: Int64
    /// Where the report with that sequence stands in the log.
    public let lastPosition: Int64
    /// When a report of it was last received.
    public let lastReport: Timestamp?

    public init(
        number: Int64, serial: UnsafeBufferPointer<UInt8>, jid: UnsafeBufferPointer<UInt8>, state: PublisherState,
        lastSequence: Int64, lastPosition: Int64, lastReport: Timestamp?
    ) {
        self.number = number
        self.serial = serial
        self.jid = jid
        self.state = state
        self.lastSequence = lastSequence
        self.lastPosition = lastPosition
        self.lastReport = lastReport
    }
}

/// A station as information services know it.
public struct PublisherRecord: Hashable, Sendable {
    /// 1, 2, 3, …
    public let number: Int64
    /// As engraved.
    public var serial: Serial
    /// The bare JID from which it reports.
    public var jid: JID
    /// Whether its reports are taken.
    public var state: PublisherState
    /// The highest sequence stored; 0 before the first report.
    public var lastSequence: Int64
    /// Where the report with that sequence stands in the log; 0 before the first report.
    public var lastPosition: Int64
    /// When a report of it was last received.
    public var lastReport: Timestamp?

    public init(
        number: Int64, serial: Serial, jid: JID, state: PublisherState = .active,
        lastSequence: Int64 = 0, lastPosition: Int64 = 0, lastReport: Timestamp? = nil
    ) {
        self.number = number
        self.serial = serial
        self.jid = jid
        self.state = state
        self.lastSequence = lastSequence
        self.lastPosition = lastPosition
        self.lastReport = lastReport
    }
}

/// A contact: a consumer that has a station's twin in its roster.
public struct ContactRecord: Hashable, Sendable {
    /// The publisher's number.
    public let publisher: Int64
    /// Bare JID.
    public let consumer: JID

    public init(publisher: Int64, consumer: JID) {
        self.publisher = publisher
        self.consumer = consumer
    }
}
