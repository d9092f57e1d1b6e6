// SPDX-License-Identifier: Apache-2.0

/// The id of an item: epoch and log position in decimal, for example `1-4711`.
///
/// Positions grow by one with each stored report. The epoch grows when a store is restored from a backup,
/// so that an id is never given twice.
public struct ItemIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let epoch: Int64
    /// The position in the log, from 1.
    public let position: Int64

    public init(epoch: Int64, position: Int64) {
        self.epoch = epoch
        self.position = position
    }

    /// Nil unless the text is exactly what ``description`` writes.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Self.number(parts[0]), let position = Self.number(parts[1]) else {
            return nil
        }
        self.init(epoch: epoch, position: position)
    }

    public var description: String { "\(epoch)-\(position)" }

    /// Digits without a leading zero, 1 or more.
    private static func number(_ text: some StringProtocol) -> Int64? {
        guard let first = text.utf8.first, first >= UInt8(ascii: "1"), first <= UInt8(ascii: "9"),
            text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        return Int64(text)
    }
}
