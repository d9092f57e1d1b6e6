// SPDX-License-Identifier: Apache-2.0

/// The Bidi Rule (RFC 5893 §2) for a label or localpart that has right-to-left letters.
///
/// The standard library has no bidirectional classes, so they are taken from the blocks of the
/// right-to-left scripts and from general categories: right for letters, digits and marks, which are
/// nearly all an identifier may have.
enum BidiRule {
    /// Whether the text has no right-to-left letters, or has them in one direction throughout:
    /// it begins with one, has no left-to-right letters, ends with one or with a digit (marks
    /// aside), and does not mix European with Arabic digits.
    static func allows(_ text: [Unicode.Scalar]) -> Bool {
        guard text.contains(where: isRightToLeft) else { return true }
        guard let first = text.first, isRightToLeft(first),
            !text.contains(where: isLeftToRight),
            let last = text.last(where: { !isMark($0) }),
            isRightToLeft(last) || last.properties.generalCategory == .decimalNumber
        else { return false }
        let european = text.contains { isEuropeanDigit($0) }
        let arabic = text.contains { (0x660...0x669).contains($0.value) }
        return !(european && arabic)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .nonspacingMark
    }

    private static func isEuropeanDigit(_ scalar: Unicode.Scalar) -> Bool {
        (0x30...0x39).contains(scalar.value) || (0x6F0...0x6F9).contains(scalar.value)
    }

    private static func isLeftToRight(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic && !isRightToLeft(scalar) && !isMark(scalar)
    }

    private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFE, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
            !isMark(scalar) && scalar.properties.generalCategory != .decimalNumber
        default: false
        }
    }
}
