// SPDX-License-Identifier: Apache-2.0

/// The forms of text on the wire. Each has a regular expression for the schema and a matcher written by hand that says the
/// same; a test compares the two.
public enum StringPattern: Hashable, Sendable {
    /// A serial number: 1–64 of `A-Z a-z 0-9 . _ -`.
    case serial
    /// A name made by us: a job, a subscription, a model, a key; 1–64 of `A-Z a-z 0-9 . _ : -`.
    case identifier
    /// A SenML name or a part of one (RFC 8428 §4.5.1): 0–128 of `A-Z a-z 0-9 - : . / _`.
    case senMLName
    /// Base64url without padding (RFC 4648 §5) of so many bytes; the spare bits of the last character are zero.
    case base64url(bytes: ClosedRange<Int>)
    /// A SHA-256 in lowercase hexadecimal.
    case hexSHA256
    /// An absolute URI (RFC 3986): scheme, colon, printable ASCII without spaces; 3–2048 characters.
    case uri
    /// A bare JID (RFC 7622) as far as single characters tell; parsing it is left to whoever uses it.
    case bareJID
    /// An item id `E-P`: epoch and position in decimal.
    case itemID
    /// An item id, or nothing.
    case itemIDOrEmpty

    /// The regular expression (ECMA-262, and as well that of Python and RE2).
    public var regularExpression: String {
        switch self {
        case .serial: "^[A-Za-z0-9._-]+$"
        case .identifier: "^[A-Za-z0-9._:-]+$"
        case .senMLName: "^[A-Za-z0-9:./_-]*$"
        case .base64url: "^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$"
        case .hexSHA256: "^[0-9a-f]{64}$"
        case .uri: "^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$"
        case .bareJID: #"^([^\x00-\x20"&'/:<>@\x7f]+@)?[^\x00-\x20"&'/<>@\x7f]+$"#
        case .itemID: "^(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})$"
        case .itemIDOrEmpty: "^((0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17}))?$"
        }
    }

    /// How many code points the text may have.
    public var length: ClosedRange<Int> {
        switch self {
        case .serial, .identifier: 1...64
        case .senMLName: 0...128
        case .base64url(let bytes): Self.base64Length(bytes.lowerBound)...Self.base64Length(bytes.upperBound)
        case .hexSHA256: 64...64
        case .uri: 3...2048
        case .bareJID: 1...2047
        case .itemID: 3...37
        case .itemIDOrEmpty: 0...37
        }
    }

    /// What the text must be, for people.
    public var phrase: String {
        switch self {
        case .serial: "a serial number of 1 to 64 letters, digits, '.', '_' or '-'"
        case .identifier: "a name of 1 to 64 letters, digits, '.', '_', ':' or '-'"
        case .senMLName: "a SenML name of at most 128 letters, digits, '-', ':', '.', '/' or '_'"
        case .base64url(let bytes) where bytes.lowerBound == bytes.upperBound:
            "base64url without padding of \(bytes.lowerBound) bytes"
        case .base64url(let bytes): "base64url without padding of \(bytes.lowerBound) to \(bytes.upperBound) bytes"
        case .hexSHA256: "a SHA-256 in 64 lowercase hexadecimal digits"
        case .uri: "an absolute URI"
        case .bareJID: "a bare JID"
        case .itemID: "an item id of epoch and position"
        case .itemIDOrEmpty: "an item id of epoch and position, or empty"
        }
    }

    /// Characters of base64url without padding for so many bytes.
    private static func base64Length(_ bytes: Int) -> Int { bytes / 3 * 4 + (bytes % 3 == 0 ? 0 : bytes % 3 + 1) }
}
