// SPDX-License-Identifier: Apache-2.0

/// Preparation of the domainpart (RFC 7622 §3.2): a name of labels, or an IP address.
enum DomainName {
    /// The longest ASCII label, in bytes (RFC 1035 §2.3.4).
    static let labelLimit = 63

    /// Lower-case, form C, A-labels as U-labels, no final dot.
    ///
    /// Underscores are let through although RFC 5890 has none: such hosts exist, and a stanza from
    /// one must not be lost for its name.
    static func prepare(_ text: String) throws(JIDError) -> String {
        guard text.utf8.count <= 3 * JID.partLimit else { throw .tooLong(.domainpart) }
        guard !text.isEmpty else { throw .empty(.domainpart) }
        if text.utf8.first == UInt8(ascii: "[") { return try addressLiteral(text) }
        var name = Normalization.composed(Precis.lowercased(Precis.mapWidth(text)))
        if name.utf8.last == UInt8(ascii: ".") { name.removeLast() }
        guard !name.isEmpty else { throw .empty(.domainpart) }
        var labels: [String] = []
        // By scalars: some letters make one character with the dot that follows.
        for label in name.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false) {
            labels.append(try prepareLabel(String(label)))
        }
        let result = labels.joined(separator: ".")
        guard result.utf8.count <= JID.partLimit else { throw .tooLong(.domainpart) }
        return result
    }

    /// Letters, digits, hyphen and underscore of ASCII.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }

    private static func prepareLabel(_ label: String) throws(JIDError) -> String {
        guard !label.isEmpty, !isAtHyphen(label) else { throw .malformedDomain }
        let isASCII = label.utf8.allSatisfy { $0 < 0x80 }
        guard isASCII else {
            try requireUnicodeLabel(label)
            return label
        }
        guard label.utf8.count <= labelLimit else { throw .malformedDomain }
        for byte in label.utf8 where !isPlain(byte) {
            throw .notAllowed(.domainpart, codePoint: UInt32(byte))
        }
        guard label.hasPrefix("xn--") else { return label }
        return try unicodeLabel(ofPunycode: label)
    }

    /// Whether a label begins or ends with a hyphen (RFC 5891 §4.2.3.1).
    private static func isAtHyphen(_ label: String) -> Bool {
        label.utf8.first == UInt8(ascii: "-") || label.utf8.last == UInt8(ascii: "-")
    }

    /// A U-label (RFC 5890 §2.3.2.1), by the letters and digits of RFC 5892 and its context rules.
    private static func requireUnicodeLabel(_ label: String) throws(JIDError) {
        if isAtHyphen(label) { throw .malformedDomain }
        let scalars = Array(label.unicodeScalars)
        if scalars.count > 3, scalars[2] == "-", scalars[3] == "-" { throw .malformedDomain }
        for (index, scalar) in scalars.enumerated() {
            let category = scalar.properties.generalCategory
            let isMark = category == .nonspacingMark || category == .spacingMark
            switch scalar.precisUse {
            case .identifier where scalar.value < 0x80 && !isPlain(UInt8(scalar.value)): break
            case .identifier where !(index == 0 && isMark): continue
            case .context where ContextRules.allow(index, in: scalars): continue
            default: break
            }
            throw .notAllowed(.domainpart, codePoint: scalar.value)
        }
        guard BidiRule.allows(scalars) else { throw .mixedDirections(.domainpart) }
    }

    /// RFC 7622 §3.2.1: "each A-label MUST be converted to a U-label".
    private static func unicodeLabel(ofPunycode label: String) throws(JIDError) -> String {
        guard let decoded = Punycode.decode(label.dropFirst(4)), !decoded.utf8.allSatisfy({ $0 < 0x80 })
        else { throw .malformedDomain }
        try requireUnicodeLabel(decoded)
        // Valid only if it is what the mapping would have made of it (RFC 5891 §5.4).
        let mapped = Normalization.composed(Precis.lowercased(Array(decoded.unicodeScalars)))
        guard mapped.unicodeScalars.elementsEqual(decoded.unicodeScalars) else { throw .malformedDomain }
        return decoded
    }

    private static func addressLiteral(_ text: String) throws(JIDError) -> String {
        let lower = text.lowercased()
        guard lower.utf8.last == UInt8(ascii: "]"), IPv6Address.isValid(lower.dropFirst().dropLast())
        else { throw .malformedDomain }
        return lower
    }
}
