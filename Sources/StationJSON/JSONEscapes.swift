// SPDX-License-Identifier: Apache-2.0

/// The escapes that the writer sets. Runs of plain bytes are copied whole.
enum JSONEscapes {
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var plain = 0
        var at = 0
        while at < text.count {
            guard needsLook(text[at]), let (escape, length) = escape(text, at) else {
                at &+= 1
                continue
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain..<at]))
            bytes.append(contentsOf: UnsafeBufferPointer(start: escape.utf8Start, count: escape.utf8CodeUnitCount))
            if escape.utf8CodeUnitCount == 4 { bytes.append(contentsOf: hexPair(text[at])) }
            at &+= length
            plain = at
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain..<text.count]))
    }

    @inline(__always) private static func needsLook(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x3E || byte == 0xE2 || byte == 0xEF
    }

    /// The escape for what begins here and how many bytes it stands for. `\u00` asks for two more digits.
    private static func escape(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> (StaticString, Int)? {
        switch text[at] {
        case 0x22: ("\\\"", 1)
        case 0x5C: ("\\\\", 1)
        case 0x08: ("\\b", 1)
        case 0x09: ("\\t", 1)
        case 0x0A: ("\\n", 1)
        case 0x0C: ("\\f", 1)
        case 0x0D: ("\\r", 1)
        case ..<0x20: ("\\u00", 1)
        case 0x3E: at > 0 && text[at - 1] == UInt8(ascii: "]") ? ("\\u003E", 1) : nil
        case 0xE2: follows(text, at, 0x80, 0xA8) ? ("\\u2028", 3) : follows(text, at, 0x80, 0xA9) ? ("\\u2029", 3) : nil
        case 0xEF: follows(text, at, 0xBF, 0xBE) ? ("\\uFFFE", 3) : follows(text, at, 0xBF, 0xBF) ? ("\\uFFFF", 3) : nil
        default: nil
        }
    }

    private static func follows(_ text: UnsafeBufferPointer<UInt8>, _ at: Int, _ second: UInt8, _ third: UInt8) -> Bool {
        at &+ 2 < text.count && text[at &+ 1] == second && text[at &+ 2] == third
    }

    private static func hexPair(_ byte: UInt8) -> [UInt8] {
        let digits: StaticString = "0123456789ABCDEF"
        return [digits.utf8Start[Int(byte >> 4)], digits.utf8Start[Int(byte & 15)]]
    }
}
