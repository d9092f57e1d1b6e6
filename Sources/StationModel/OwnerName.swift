// SPDX-License-Identifier: Apache-2.0

/// The name of an owner of stations: 1–64 characters without control characters and without spaces at its ends. It is
/// compared as it is written.
public struct OwnerName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let description: String

    /// Takes a text that can be an owner's name; nil if it cannot.
    public init?(_ text: some StringProtocol) {
        let scalars = text.unicodeScalars
        guard (1...64).contains(scalars.count), let first = scalars.first, let last = scalars.last,
            !first.properties.isWhitespace, !last.properties.isWhitespace,
            !scalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        description = String(text)
    }

    /// The order of the names as text.
    public static func < (a: OwnerName, b: OwnerName) -> Bool { a.description < b.description }
}
