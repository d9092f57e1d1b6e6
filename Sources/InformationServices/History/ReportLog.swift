// SPDX-License-Identifier: Apache-2.0
import StationModel

/// One stored report.
public struct LogEntry: Hashable, Sendable {
    /// 1, 2, 3, … in the order in which reports were stored, over all stations.
    public let position: Int64
    /// The publisher's number.
    public let publisher: Int64
    /// The station's own number of the report.
    public let sequence: Int64
    /// When the report was stored.
    public let receivedAt: Timestamp
    /// Whether a report with a higher number was stored before it.
    public let isLate: Bool
    /// The JSON text exactly as received, UTF-8.
    public let body: [UInt8]

    public init(
        position: Int64, publisher: Int64, sequence: Int64, receivedAt: Timestamp, isLate: Bool, body: [UInt8]
    ) {
        self.position = position
        self.publisher = publisher
        self.sequence = sequence
        self.receivedAt = receivedAt
        self.isLate = isLate
        self.body = body
    }
}

/// The durable log of reports. Everything about its layout is behind this protocol.
///
/// All methods run inside the batch's transaction, see what the transaction has appended so far, and neither
/// begin nor commit. What they do in one transaction is bounded where others wait for it: a look ends early and says so,
/// and the rest throws `StoreBusy`. What cannot be read any more throws `StoreDamage`.
public protocol ReportLog: AnyObject {
    /// Stores a report and returns its position: the highest so far and one. That the publisher has not stored this
    /// sequence yet is for the caller to know.
    func append(
        publisher: Int64, sequence: Int64, receivedAt: Timestamp, isLate: Bool, body: UnsafeBufferPointer<UInt8>
    ) throws -> Int64
    /// The position of the newest report; 0 in an empty log.
    func lastPosition() throws -> Int64
    /// The position of the oldest report that was not given up to retention.
    func firstPosition() throws -> Int64
    /// The report at a position.
    func entry(at position: Int64) throws -> LogEntry?
    /// Whose report is at a position.
    func publisher(at position: Int64) throws -> Int64?
    /// Looks for reports after `position`, of some publishers or of all, until `limit` are found or enough was looked at.
    func scan(after position: Int64, limit: Int, publishers: [Int64]?) throws -> LogScan
    /// Looks for reports before `position` in the same way, the newest first.
    func scan(before position: Int64, limit: Int, publishers: [Int64]?) throws -> LogScan
    /// How many reports there are after `position`; counts no further than `limit`, and than can be looked at now.
    func count(after position: Int64, limit: Int, publisher: Int64) throws -> Int
    /// The report of this sequence.
    func lookup(publisher: Int64, sequence: Int64) throws -> LogEntry?
    /// Up to `limit` reports of a publisher received within the range, after `position`, in the order of positions.
    func history(
        publisher: Int64, range: ClosedRange<Timestamp>, after position: Int64, limit: Int
    ) throws -> [LogEntry]
    /// For each publisher with reports after `position`: the one among them with the highest sequence.
    func progress(after position: Int64) throws -> [PublisherProgress]
}

/// How far a publisher has come.
public struct PublisherProgress: Hashable, Sendable {
    /// The publisher's number.
    public let publisher: Int64
    /// The highest number of its reports; 0 if it has none.
    public let lastSequence: Int64
    /// The position of that report; 0 if it has none.
    public let lastPosition: Int64
    /// When its last report was stored.
    public let lastReport: Timestamp

    public init(publisher: Int64, lastSequence: Int64, lastPosition: Int64, lastReport: Timestamp) {
        self.publisher = publisher
        self.lastSequence = lastSequence
        self.lastPosition = lastPosition
        self.lastReport = lastReport
    }
}
