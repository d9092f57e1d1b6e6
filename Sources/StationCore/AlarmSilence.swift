// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Keeps one alarm, raised again and again, from filling the log: for a while after it was written it is only counted.
///
/// Bounded: beyond a number of different alarms at once, further ones are counted together.
public final class AlarmSilence {
    /// What makes two alarms the same.
    public struct Key: Hashable, Sendable {
        /// The station.
        public let serial: Serial
        /// What is said.
        public let text: String

        public init(serial: Serial, text: String) {
            self.serial = serial
            self.text = text
        }
    }

    /// How long an alarm that was written is only counted.
    public static let milliseconds: Int64 = 60_000
    /// How many different alarms are remembered.
    static let most = 1024

    private var counts: [Key: Int] = [:]
    private var others = 0

    /// Whether this one is to be written; else it has been counted.
    public func begins(_ key: Key) -> Bool {
        if let count = counts[key] {
            counts[key] = count &+ 1
            return false
        }
        guard counts.count < Self.most else {
            others &+= 1
            return false
        }
        counts[key] = 0
        return true
    }

    /// How many have come since it was written last. If there was none it is forgotten, so the next one is written.
    public func takeCount(_ key: Key) -> Int {
        let count = counts[key] ?? 0
        counts[key] = count == 0 ? nil : 0
        return count
    }

    /// How many found no place.
    public func takeOthers() -> Int {
        defer { others = 0 }
        return others
    }
}
