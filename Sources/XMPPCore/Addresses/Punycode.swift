// SPDX-License-Identifier: Apache-2.0

/// Decoding of Punycode (RFC 3492 §6.2), for A-labels in addresses.
enum Punycode {
    private static let base = 36
    private static let smallest = 1
    private static let largest = 26

    /// The text behind `xn--`, without that prefix; nil when it is malformed or too long.
    static func decode(_ text: Substring) -> String? {
        guard text.utf8.count <= DomainName.labelLimit else { return nil }
        var scalars: [Unicode.Scalar] = []
        var rest = Array(text.utf8)
        if let dash = rest.lastIndex(of: UInt8(ascii: "-")) {
            for byte in rest[..<dash] {
                guard byte < 0x80 else { return nil }
                scalars.append(Unicode.Scalar(byte))
            }
            rest.removeSubrange(...dash)
        }
        var number = 128
        var position = 0
        var bias = 72
        var index = 0
        while index < rest.count {
            let before = position
            guard let increment = delta(rest, &index, bias: bias) else { return nil }
            let (sum, overflow) = position.addingReportingOverflow(increment)
            guard !overflow else { return nil }
            let count = scalars.count + 1
            bias = adapt(sum &- before, count: count, first: before == 0)
            let (next, tooLarge) = number.addingReportingOverflow(sum / count)
            guard !tooLarge, let value = UInt32(exactly: next), let scalar = Unicode.Scalar(value)
            else { return nil }
            number = next
            position = sum % count
            scalars.insert(scalar, at: position)
            position += 1
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// One variable-length integer; nil at the end of the text, at a wrong digit or on overflow.
    private static func delta(_ text: [UInt8], _ index: inout Int, bias: Int) -> Int? {
        var result = 0
        var weight = 1
        var place = base
        while index < text.count {
            guard let digit = digit(text[index]) else { return nil }
            index += 1
            let (product, overflow) = digit.multipliedReportingOverflow(by: weight)
            let (sum, tooLarge) = result.addingReportingOverflow(product)
            guard !overflow, !tooLarge else { return nil }
            result = sum
            let threshold = min(max(place &- bias, smallest), largest)
            if digit < threshold { return result }
            let (next, tooHeavy) = weight.multipliedReportingOverflow(by: base - threshold)
            guard !tooHeavy else { return nil }
            weight = next
            place += base
        }
        return nil
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x61...0x7A: Int(byte) - 0x61
        case 0x41...0x5A: Int(byte) - 0x41
        case 0x30...0x39: Int(byte) - 0x30 + 26
        default: nil
        }
    }

    /// RFC 3492 §6.1.
    private static func adapt(_ change: Int, count: Int, first: Bool) -> Int {
        var delta = first ? change / 700 : change / 2
        delta += delta / count
        var steps = 0
        while delta > ((base - smallest) * largest) / 2 {
            delta /= base - smallest
            steps += base
        }
        return steps + (base - smallest + 1) * delta / (delta + 38)
    }
}
