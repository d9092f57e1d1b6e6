// SPDX-License-Identifier: Apache-2.0
import StationModel

/// A node of the pubsub service: `all`, or `stations/SERIAL`.
public enum PubSubNode: Hashable, Sendable, CustomStringConvertible {
    /// The reports of every station that the consumer is granted.
    case all
    case station(Serial)

    static let stationPrefix = "stations/"

    /// Nil if no node can have this name.
    public init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        guard text.hasPrefix(Self.stationPrefix),
            let serial = try? Serial(String(text.dropFirst(Self.stationPrefix.count)))
        else { return nil }
        self = .station(serial)
    }

    public var description: String {
        switch self {
        case .all: "all"
        case .station(let serial): Self.stationPrefix + serial.description
        }
    }

    /// The station, for a node that has only one.
    public var serial: Serial? {
        if case .station(let serial) = self { serial } else { nil }
    }
}
