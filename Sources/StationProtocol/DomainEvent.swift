// SPDX-License-Identifier: Apache-2.0

import StationModel
import XMPPCore

/// What device management and information services tell each other. In one process it is handled within the same
/// transaction; apart, it is a durable feed between the two.
public enum DomainEvent: Hashable, Sendable {
    /// The station belongs to an owner's fleet from now on, under this bare JID.
    case installed(serial: Serial, jid: JID, owner: String)
    /// The station is available under this full JID.
    case online(serial: Serial, jid: JID)
    /// The station is available and has been told which keys count: it may be asked for something.
    case ready(serial: Serial)
    /// The station is no longer available.
    case offline(serial: Serial, jid: JID)
    /// Its credentials are void; nothing from it counts any more.
    case revoked(serial: Serial)
    /// It has ended its service.
    case retired(serial: Serial)
    /// This key (an uncompressed point of P-256) was bound to the serial.
    case keyBound(serial: Serial, key: [UInt8])
    /// The station is set apart, for instance because it was seen twice.
    case quarantined(serial: Serial, reason: String)
    /// Something was found out about the station that its owner should know.
    case finding(serial: Serial, text: String)
    /// The server closes the stream for what the station sends, again and again.
    case poisonous(serial: Serial, reason: String)
    /// The same sequence number came with two bodies.
    case sequenceForked(serial: Serial, seq: Int64)
    /// The station's reports have reached this number; said every few seconds at most.
    case reportSummary(serial: Serial, seq: Int64, at: Timestamp, firmware: String?)
}
