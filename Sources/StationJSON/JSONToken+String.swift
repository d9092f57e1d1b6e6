// SPDX-License-Identifier: Apache-2.0

extension JSONToken {
    /// A string (RFC 8259 §7), from its quote on: eight bytes at a time as long as nothing special stands among them.
    @inline(__always) static func string(_ start: UnsafePointer<UInt8>) -> JSONToken {
        let at = plain(start + 1)
        return at.pointee == UInt8(ascii: "\"") ? JSONToken(at + 1, Node.string) : special(at)
    }

    /// The first byte that is not plain: a quote, a backslash, a control character or not ASCII.
    @inline(__always) private static func plain(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var at = start
        while true {
            let word = UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            // The high bit of each byte that is special. Only the lowest one is exact, since borrows run upwards.
            let found =
                ((word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | word)
                & (ones &* 0x80)
            if found != 0 { return at + (found.trailingZeroBitCount &>> 3) }
            at += 8
        }
    }

    /// The rest of a string that is more than plain ASCII.
    @inline(never) private static func special(_ start: UnsafePointer<UInt8>) -> JSONToken {
        var at = start
        var info = Node.string
        while true {
            switch at.pointee {
            case UInt8(ascii: "\""):
                return JSONToken(at + 1, info)
            case UInt8(ascii: "\\"):
                info |= Node.escaped
                let (length, flaw) = escape(at)
                if let flaw { return JSONToken(at, flaw: flaw) }
                at += length
            case 0x80...:
                let length = multibyte(at)
                if length == 0 { return JSONToken(at, flaw: .badUTF8) }
                at += length
            default:
                if at.pointee < 0x20 { return JSONToken(at, flaw: .control) }
                at = plain(at)
            }
        }
    }

    /// The length of an escape, from its backslash on.
    private static func escape(_ at: UnsafePointer<UInt8>) -> (Int, JSONFlaw?) {
        switch at[1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return (2, nil)
        case UInt8(ascii: "u"):
            guard let first = hex4(at + 2) else { return (0, .badEscape) }
            guard first & 0xF800 == 0xD800 else { return (6, nil) }
            guard first & 0xFC00 == 0xD800, at[6] == UInt8(ascii: "\\"), at[7] == UInt8(ascii: "u"),
                let second = hex4(at + 8), second & 0xFC00 == 0xDC00
            else { return (0, .loneSurrogate) }
            return (12, nil)
        default:
            return (0, .badEscape)
        }
    }

    /// Four hexadecimal digits. The padding after the text is no digit, so this stops at the end by itself.
    private static func hex4(_ at: UnsafePointer<UInt8>) -> UInt32? {
        var code: UInt32 = 0
        for i in 0..<4 {
            let digit = hexValue(at[i])
            guard digit < 16 else { return nil }
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    /// The length of a character beyond ASCII by the table of RFC 3629 §4: nothing overlong, no surrogates, at most
    /// U+10FFFF; 0 for anything else.
    private static func multibyte(_ at: UnsafePointer<UInt8>) -> Int {
        let first = at.pointee
        switch first {
        case 0xC2...0xDF:
            return isTail(at[1]) ? 2 : 0
        case 0xE0...0xEF:
            let low: UInt8 = first == 0xE0 ? 0xA0 : 0x80
            let high: UInt8 = first == 0xED ? 0x9F : 0xBF
            return at[1] >= low && at[1] <= high && isTail(at[2]) ? 3 : 0
        case 0xF0...0xF4:
            let low: UInt8 = first == 0xF0 ? 0x90 : 0x80
            let high: UInt8 = first == 0xF4 ? 0x8F : 0xBF
            return at[1] >= low && at[1] <= high && isTail(at[2]) && isTail(at[3]) ? 4 : 0
        default:
            return 0
        }
    }

    @inline(__always) private static func isTail(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
