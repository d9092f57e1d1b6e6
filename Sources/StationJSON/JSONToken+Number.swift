// SPDX-License-Identifier: Apache-2.0

extension JSONToken {
    /// Digits that no finite double can exceed: below it a number without exponent needs no further look.
    private static let surelyFinite = 300

    /// A number (RFC 8259 §6) that fits a finite double.
    @inline(__always) static func number(_ start: UnsafePointer<UInt8>) -> JSONToken {
        var at = start
        if at.pointee == UInt8(ascii: "-") { at += 1 }
        let first = at
        at = digits(at)
        // No digit, or a zero before other digits.
        if at == first || (first.pointee == UInt8(ascii: "0") && at - first > 1) { return JSONToken(first, flaw: .badNumber) }
        var needsLook = at - first > surelyFinite
        if at.pointee == UInt8(ascii: ".") {
            let fraction = at + 1
            at = digits(fraction)
            if at == fraction { return JSONToken(at, flaw: .badNumber) }
        }
        if at.pointee | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at.pointee == UInt8(ascii: "+") || at.pointee == UInt8(ascii: "-") { at += 1 }
            let exponent = at
            at = digits(at)
            if at == exponent { return JSONToken(at, flaw: .badNumber) }
            needsLook = true
        }
        return needsLook && !isFinite(start, at) ? JSONToken(start, flaw: .numberRange) : JSONToken(at, Node.number)
    }

    /// After the last digit.
    @inline(__always) private static func digits(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var at = start
        while at.pointee &- UInt8(ascii: "0") < 10 { at += 1 }
        return at
    }

    @inline(never) private static func isFinite(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        JSONNumber.double(UnsafeBufferPointer(start: start, count: end - start)).isFinite
    }
}
