// SPDX-License-Identifier: Apache-2.0
import StationModel

/// An owner's word that a consumer may see the observations of a station, or of all stations.
public struct Grant: Hashable, Sendable {
    /// What a grant covers.
    public enum Scope: Hashable, Sendable, CustomStringConvertible {
        /// Every station, also those that come later.
        case all
        case station(Serial)

        /// `all`, or the serial; as in the commands.
        public var description: String {
            switch self {
            case .all: "all"
            case .station(let serial): serial.description
            }
        }

        /// Whether the scope covers this station.
        public func covers(_ serial: Serial) -> Bool {
            switch self {
            case .all: true
            case .station(let own): own == serial
            }
        }
    }

    /// The consumer's bare JID, prepared (RFC 7622).
    public let consumer: String
    /// What the consumer may see.
    public let scope: Scope
    /// The last position of the log when the grant was made: deliveries start after it.
    public let since: Int64
    /// When the grant was made.
    public let at: Timestamp

    public init(consumer: String, scope: Scope, since: Int64, at: Timestamp) {
        self.consumer = consumer
        self.scope = scope
        self.since = since
        self.at = at
    }
}
