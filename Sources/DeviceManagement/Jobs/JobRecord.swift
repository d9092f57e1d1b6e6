// SPDX-License-Identifier: Apache-2.0
import StationModel

/// One management operation on one station, from the offer to its end.
public struct JobRecord: Sendable, Hashable {
    /// 32 hex digits.
    public let id: String
    /// The kind's name, for example `update`.
    public let kind: String
    /// The station.
    public let serial: Serial
    /// A state of the kind's transition table.
    public var state: String
    /// What the kind needs to make the offer again, as JSON text.
    public let payload: String
    /// What the station said last, for people.
    public var detail: String
    /// When the job was stored.
    public let created: Timestamp
    /// When it moved last.
    public var updated: Timestamp
    /// The job is ended when this is past, whatever the station says.
    public let deadline: Timestamp
    /// Whether `state` is final.
    public var isEnded: Bool

    public init(
        id: String, kind: String, serial: Serial, state: String, payload: String, detail: String,
        created: Timestamp, updated: Timestamp, deadline: Timestamp, isEnded: Bool
    ) {
        self.id = id
        self.kind = kind
        self.serial = serial
        self.state = state
        self.payload = payload
        self.detail = detail
        self.created = created
        self.updated = updated
        self.deadline = deadline
        self.isEnded = isEnded
    }
}
