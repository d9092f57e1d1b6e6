// SPDX-License-Identifier: Apache-2.0

/// What a code point may be used for (the derived property of RFC 8264 §8).
enum CodePointUse {
    /// Allowed in identifiers and in free text.
    case identifier
    /// Allowed in free text only.
    case freeText
    /// Allowed where a rule of RFC 5892 appendix A holds.
    case context
    /// Allowed nowhere.
    case never
}

extension Unicode.Scalar {
    /// The derived property, by the steps of RFC 8264 §8 in their order.
    var precisUse: CodePointUse {
        if let exception = precisException { return exception }
        let category = properties.generalCategory
        if category == .unassigned { return .never }
        if value >= 0x21, value <= 0x7E { return .identifier }
        if value == 0x200C || value == 0x200D { return .context }
        if isOldHangulJamo || properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint {
            return .never
        }
        if category == .control { return .never }
        if hasCompatibilityForm { return .freeText }
        switch category {
        case .lowercaseLetter, .uppercaseLetter, .otherLetter, .decimalNumber, .modifierLetter,
            .nonspacingMark, .spacingMark:
            return .identifier
        case .titlecaseLetter, .letterNumber, .otherNumber, .enclosingMark, .spaceSeparator,
            .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .connectorPunctuation,
            .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .freeText
        default:
            return .never
        }
    }

    /// RFC 5892 §2.6, which RFC 8264 §9.6 takes over.
    private var precisException: CodePointUse? {
        switch value {
        case 0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007: .identifier
        case 0xB7, 0x375, 0x5F3, 0x5F4, 0x660...0x669, 0x6F0...0x6F9, 0x30FB: .context
        case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: .never
        default: nil
        }
    }

    /// Conjoining jamo (RFC 5892 §2.9).
    private var isOldHangulJamo: Bool {
        switch value {
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7C6, 0xD7CB...0xD7FB: true
        default: false
        }
    }

    /// Whether form KC changes the code point (RFC 8264 §9.17).
    private var hasCompatibilityForm: Bool {
        guard value > 0x7F else { return false }
        let text = String(self)
        return !Normalization.compatible(text).unicodeScalars.elementsEqual(text.unicodeScalars)
    }

    /// The full-width and half-width forms and the wide space (decomposition types wide and narrow).
    var isWidthVariant: Bool { value == 0x3000 || (value >= 0xFF01 && value <= 0xFFEE) }
}
