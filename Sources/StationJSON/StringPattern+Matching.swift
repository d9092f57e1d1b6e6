// SPDX-License-Identifier: Apache-2.0

extension StringPattern {
    /// Whether a text, given as valid UTF-8, has this form and length.
    public func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard length.contains(codePoints(text)) else { return false }
        switch self {
        case .serial: return text.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
        case .identifier:
            return text.allSatisfy { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D || $0 == 0x3A }
        case .senMLName:
            return text.allSatisfy { isAlphanumeric($0) || (0x2D...0x2F).contains($0) || $0 == 0x5F || $0 == 0x3A }
        case .base64url: return Self.isBase64URL(text)
        case .hexSHA256: return text.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
        case .uri: return Self.isURI(text)
        case .bareJID: return Self.isBareJID(text)
        case .itemID: return Self.isItemID(text)
        case .itemIDOrEmpty: return text.isEmpty || Self.isItemID(text)
        }
    }

    /// Whether a text has this form and length.
    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    private static func isBase64URL(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let last = text.last else { return true }
        guard text.count % 4 != 1, text.allSatisfy({ base64Value($0) != nil }) else { return false }
        let spare: UInt8 = text.count % 4 == 2 ? 0b1111 : text.count % 4 == 3 ? 0b11 : 0
        return (base64Value(last) ?? 0) & spare == 0
    }

    private static func base64Value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte &- 0x41
        case 0x61...0x7A: byte &- 0x61 &+ 26
        case 0x30...0x39: byte &- 0x30 &+ 52
        case 0x2D: 62
        case 0x5F: 63
        default: nil
        }
    }

    private static func isURI(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first), let colon = text.firstIndex(of: 0x3A) else { return false }
        let scheme = text[1..<colon]
        let rest = text[(colon + 1)...]
        return !rest.isEmpty && rest.allSatisfy { (0x21...0x7E).contains($0) }
            && scheme.allSatisfy { isAlphanumeric($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E }
    }

    private static func isBareJID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var domain = text[...]
        if let at = text.firstIndex(of: 0x40) {
            let local = text[..<at]
            guard !local.isEmpty, local.allSatisfy({ isAddressByte($0) && $0 != 0x3A }) else { return false }
            domain = text[(at + 1)...]
        }
        return !domain.isEmpty && domain.allSatisfy(isAddressByte)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, 0x22, 0x26, 0x27, 0x2F, 0x3C, 0x3E, 0x40, 0x7F: false
        default: true
        }
    }

    private static func isItemID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let dash = text.firstIndex(of: 0x2D) else { return false }
        return isDecimal(text[..<dash]) && isDecimal(text[(dash + 1)...])
    }

    private static func isDecimal(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = text.first, text.count <= 18, text.allSatisfy(isDigit) else { return false }
        return first != 0x30 || text.count == 1
    }
}

@inline(__always) private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
@inline(__always) private func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
@inline(__always) private func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

/// How many code points valid UTF-8 holds: the bytes that begin one.
func codePoints(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count &+= 1 }
    return count
}
