// SPDX-License-Identifier: Apache-2.0

/// XEP-0106: JID Escaping, for localparts with characters that RFC 7622 §3.3.1 excludes.
extension JID {
    /// The two digits that stand for each character (XEP-0106 §3).
    private static func code(of byte: UInt8) -> StaticString? {
        switch byte {
        case 0x20: "20"
        case 0x22: "22"
        case 0x26: "26"
        case 0x27: "27"
        case 0x2F: "2f"
        case 0x3A: "3a"
        case 0x3C: "3c"
        case 0x3E: "3e"
        case 0x40: "40"
        case 0x5C: "5c"
        default: nil
        }
    }

    /// The character two digits stand for. Only lower-case digits are codes (XEP-0106 §3).
    private static func character(_ first: UInt8, _ second: UInt8) -> UInt8? {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte &- 0x30
            case 0x61...0x66: byte &- 0x61 &+ 10
            default: nil
            }
        }
        guard let high = digit(first), let low = digit(second) else { return nil }
        let value = high << 4 | low
        return code(of: value) == nil ? nil : value
    }

    /// Escapes a text for use as localpart (XEP-0106 §4.2). A backslash is escaped only where it
    /// would otherwise read as a code.
    ///
    /// Spaces at the ends are taken away: an escaped localpart must not begin or end with `\20`.
    public static func escape(_ text: String) -> String {
        var bytes = Array(text.utf8)
        while bytes.first == 0x20 { bytes.removeFirst() }
        while bytes.last == 0x20 { bytes.removeLast() }
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isCode = index + 2 < bytes.count && character(bytes[index + 1], bytes[index + 2]) != nil
            if let code = code(of: byte), byte != 0x5C || isCode {
                result.append(0x5C)
                code.withUTF8Buffer { result.append(contentsOf: $0) }
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Undoes ``escape(_:)`` for showing to people (XEP-0106 §4.3). A `\20` at either end stays.
    public static func unescape(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x5C, index + 2 < bytes.count,
                let value = character(bytes[index + 1], bytes[index + 2]),
                !(value == 0x20 && (index == 0 || index + 3 == bytes.count))
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
