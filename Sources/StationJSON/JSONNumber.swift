// SPDX-License-Identifier: Apache-2.0

/// Reads the text of a *validated* number. Never traps, whatever the length of the number or of its exponent.
enum JSONNumber {
    /// A number taken apart: `digits × 10^scale`, as far as 19 digits go.
    private struct Parts {
        var isNegative = false
        /// The significant digits as an integer, trailing zeros left out; meaningless if ``isTooLong``.
        var digits: UInt64 = 0
        var scale = 0
        var isTooLong = false
    }

    /// The exact integer, if there is one: `1.0` and `1e2` are integers, `1.5` and `1e19` are not (of 64 bits).
    static func int64(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let parts = parts(text)
        if parts.digits == 0 && !parts.isTooLong { return 0 }
        guard !parts.isTooLong, parts.scale >= 0, parts.scale < 19 else { return nil }
        var magnitude = parts.digits
        for _ in 0..<parts.scale {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
        }
        if !parts.isNegative { return Int64(exactly: magnitude) }
        guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }

    /// The nearest double. Infinite if the number is too large for one; zero if it is too small.
    static func double(_ text: UnsafeBufferPointer<UInt8>) -> Double {
        let parts = parts(text)
        // Both factors are exact, so the one rounding is the right one (Clinger 1990).
        if !parts.isTooLong, parts.digits < 1 << 53, parts.scale >= -22, parts.scale <= 22 {
            let digits = Double(parts.digits)
            let value = parts.scale < 0 ? digits / powers[-parts.scale] : digits * powers[parts.scale]
            return parts.isNegative ? -value : value
        }
        if let value = Double(String(decoding: text, as: UTF8.self)) { return value }
        // Some versions of the standard library answer nil outside the range instead of infinity or zero.
        if parts.scale < 0 { return parts.isNegative ? -0.0 : 0 }
        return parts.isNegative ? -.infinity : .infinity
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    private static func parts(_ text: UnsafeBufferPointer<UInt8>) -> Parts {
        var parts = Parts()
        var at = 0
        if text.first == UInt8(ascii: "-") {
            parts.isNegative = true
            at = 1
        }
        // Zeros are counted and only taken in when another digit follows them.
        var zeros = 0
        var isFraction = false
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte &- 0x30 < 10 {
                if isFraction { parts.scale &-= 1 }
                if byte == 0x30 {
                    zeros &+= 1
                } else {
                    take(&parts, zeros: zeros, digit: byte &- 0x30)
                    zeros = 0
                }
            } else {
                break
            }
            at &+= 1
        }
        parts.scale &+= zeros
        if at < text.count { parts.scale &+= exponent(text, after: at) }
        return parts
    }

    private static func take(_ parts: inout Parts, zeros: Int, digit: UInt8) {
        if parts.digits == 0 && !parts.isTooLong {
            parts.digits = UInt64(digit)
            return
        }
        for step in 0...zeros {
            let (product, overflow) = parts.digits.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(step == zeros ? UInt64(digit) : 0)
            if overflow || carry {
                parts.isTooLong = true
                return
            }
            parts.digits = sum
        }
    }

    /// The exponent, held at ±1,000,000,000: more digits than any text can have.
    private static func exponent(_ text: UnsafeBufferPointer<UInt8>, after mark: Int) -> Int {
        var at = mark &+ 1
        var isNegative = false
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at &+= 1
        }
        var value = 0
        while at < text.count {
            value = min(value &* 10 &+ Int(text[at] &- 0x30), 1_000_000_000)
            at &+= 1
        }
        return isNegative ? -value : value
    }
}
