// SPDX-License-Identifier: Apache-2.0

/// Why a text is no serial.
public enum SerialError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It has no characters, or more than 64.
    case length(Int)
    /// It has a character that is not one of `A-Z a-z 0-9 . _ -`.
    case character

    /// A sentence without the text itself.
    public var description: String {
        switch self {
        case .length(let length): "a serial has 1 to 64 characters, not \(length)"
        case .character: "a serial has only letters, digits, '.', '_' and '-'"
        }
    }
}

/// The serial number of a station: 1–64 of `[A-Za-z0-9._-]`.
///
/// It becomes the localpart of a JID, and localparts fold (RFC 7622 §3.3), so serials that differ only in case are the
/// same serial. The spelling that it was made with is kept for people.
///
/// ```swift
/// try Serial("WX-0042") == Serial("wx-0042")  // true
/// ```
public struct Serial: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The spelling as it was engraved.
    public let description: String
    /// The lowercase form: what is compared, stored and put into addresses.
    public let folded: String

    /// Takes a text that is a serial.
    ///
    /// - Throws: ``SerialError``.
    public init(_ text: some StringProtocol) throws(SerialError) {
        guard (1...64).contains(text.utf8.count) else { throw .length(text.unicodeScalars.count) }
        guard text.utf8.allSatisfy(Self.isAllowed) else { throw .character }
        description = String(text)
        folded = description.lowercased()
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    /// Equal when the folded forms are.
    public static func == (a: Serial, b: Serial) -> Bool { a.folded == b.folded }

    /// The order of the folded forms.
    public static func < (a: Serial, b: Serial) -> Bool { a.folded < b.folded }

    /// Hashes the folded form.
    public func hash(into hasher: inout Hasher) { hasher.combine(folded) }
}
