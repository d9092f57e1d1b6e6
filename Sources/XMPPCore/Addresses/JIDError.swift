// SPDX-License-Identifier: Apache-2.0

/// The three parts of an address (RFC 7622 §3.1).
public enum JIDPart: String, Hashable, Sendable {
    /// Before the `@`.
    case localpart
    /// The only part every address has.
    case domainpart
    /// After the first `/`.
    case resourcepart
}

/// Why a text is not an address. Names the part and the code point, never the text.
public enum JIDError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part is there but has no characters.
    case empty(JIDPart)
    /// A part is longer than 1023 bytes of UTF-8 (RFC 7622 §3.1).
    case tooLong(JIDPart)
    /// A code point the part must not have, or not at this place.
    case notAllowed(JIDPart, codePoint: UInt32)
    /// Right-to-left and left-to-right letters mixed against RFC 5893 §2.
    case mixedDirections(JIDPart)
    /// A domain label that is empty, too long, begins or ends with a hyphen, or is not valid Punycode;
    /// or an address in brackets that is not IPv6.
    case malformedDomain

    /// A sentence for logs and error texts.
    public var description: String {
        switch self {
        case .empty(let part): "the \(part.rawValue) is empty"
        case .tooLong(let part): "the \(part.rawValue) is longer than \(JID.partLimit) bytes"
        case .notAllowed(let part, let codePoint):
            "the \(part.rawValue) has U+\(Self.hexadecimal(codePoint)), which is not allowed there"
        case .mixedDirections(let part): "the \(part.rawValue) mixes writing directions"
        case .malformedDomain: "the domainpart is not a domain name or an IP address"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
