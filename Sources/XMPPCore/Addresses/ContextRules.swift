// SPDX-License-Identifier: Apache-2.0

/// The rules of RFC 5892 appendix A for code points that are allowed only beside certain others.
enum ContextRules {
    /// Whether the code point at this place is allowed there.
    static func allow(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
        guard text.indices.contains(index) else { return false }
        let before = index > 0 ? text[index - 1] : nil
        let after = index + 1 < text.count ? text[index + 1] : nil
        switch text[index].value {
        // A.1, A.2: joiners only after a virama. The joining types that would let a non-joiner
        // stand elsewhere are not in the standard library; refusing is the safe side.
        case 0x200C, 0x200D: return before?.properties.canonicalCombiningClass == .virama
        case 0xB7: return before == "l" && after == "l"
        case 0x375: return after.map(isGreek) ?? false
        case 0x5F3, 0x5F4: return before.map(isHebrew) ?? false
        case 0x30FB: return text.contains(where: isJapanese)
        case 0x660...0x669: return !text.contains { (0x6F0...0x6F9).contains($0.value) }
        case 0x6F0...0x6F9: return !text.contains { (0x660...0x669).contains($0.value) }
        default: return true
        }
    }

    private static func isGreek(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic
            && ((0x370...0x3FF).contains(scalar.value) || (0x1F00...0x1FFF).contains(scalar.value))
    }

    private static func isHebrew(_ scalar: Unicode.Scalar) -> Bool {
        (0x591...0x5F4).contains(scalar.value) || (0xFB1D...0xFB4F).contains(scalar.value)
    }

    /// Hiragana, Katakana or Han.
    private static func isJapanese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3005, 0x3007, 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FD...0x30FF,
            0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}
