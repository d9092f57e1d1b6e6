// SPDX-License-Identifier: Apache-2.0

/// Why a JSON text or a value in it was refused.
///
/// The reason never quotes the text: it may be logged and sent to the peer as it is.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where: a JSON Pointer (RFC 6901); empty for the whole document. A missing member is named as if it were there.
    public let pointer: String
    /// What is wrong, as a short phrase.
    public let reason: String
    /// The byte offset, for errors of syntax.
    public let offset: Int?

    /// Makes an error for the value at a pointer.
    public init(pointer: String, reason: String, offset: Int? = nil) {
        self.pointer = pointer
        self.reason = reason
        self.offset = offset
    }

    /// `must be an integer at /seq`, or with the offset `unexpected character at byte 17 of /records`.
    public var description: String {
        let place = pointer.isEmpty ? "the root" : pointer
        guard let offset else { return "\(reason) at \(place)" }
        return "\(reason) at \(place) (byte \(offset))"
    }
}

/// One step of a JSON Pointer, escaped by RFC 6901 §3.
func pointerToken(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
    var token = ""
    for scalar in name.unicodeScalars {
        switch scalar {
        case "~": token += "~0"
        case "/": token += "~1"
        default: token.unicodeScalars.append(scalar)
        }
    }
    return token
}
