// SPDX-License-Identifier: Apache-2.0

/// Preparation and enforcement of the profiles that RFC 7622 names (RFC 8264, RFC 8265).
enum Precis {
    /// UsernameCaseMapped (RFC 8265 §3.3), and RFC 7622 §3.3.1 on top.
    ///
    /// Case is mapped by the lower-case mapping of each code point alone, so that U+03C2 and U+00DF
    /// stay what they are, as examples 7 and 11 of RFC 7622 §3.5 ask.
    static func localpart(_ text: String) throws(JIDError) -> String {
        guard text.utf8.count <= 3 * JID.partLimit else { throw .tooLong(.localpart) }
        let wide = mapWidth(text)
        try requireIdentifier(wide, .localpart)
        let result = Normalization.composed(lowercased(wide))
        let scalars = Array(result.unicodeScalars)
        // Once more: what is kept must stay the same when it is prepared again.
        try requireIdentifier(scalars, .localpart)
        guard BidiRule.allows(scalars) else { throw .mixedDirections(.localpart) }
        return try limited(result, .localpart)
    }

    /// OpaqueString (RFC 8265 §4.2). Spaces may begin and end it: the profile allows that, and
    /// example 18 of RFC 7622 §3.5 is a known erratum.
    static func resourcepart(_ text: String) throws(JIDError) -> String {
        guard text.utf8.count <= 3 * JID.partLimit else { throw .tooLong(.resourcepart) }
        var spaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            spaced.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
        }
        let result = Normalization.composed(String(spaced))
        let scalars = Array(result.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            switch scalar.precisUse {
            case .identifier, .freeText: continue
            case .context where ContextRules.allow(index, in: scalars): continue
            case .context, .never: throw .notAllowed(.resourcepart, codePoint: scalar.value)
            }
        }
        return try limited(result, .resourcepart)
    }

    /// Maps full-width and half-width forms (RFC 8264 §5.2.1). Form KC does the same for that block.
    static func mapWidth(_ text: String) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar.isWidthVariant {
                result.append(contentsOf: Normalization.compatible(String(scalar)).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return result
    }

    /// The lower-case mapping of each code point, without regard to its neighbours.
    static func lowercased(_ scalars: [Unicode.Scalar]) -> String {
        var result = ""
        for scalar in scalars { result += scalar.properties.lowercaseMapping }
        return result
    }

    private static func requireIdentifier(
        _ scalars: [Unicode.Scalar], _ part: JIDPart
    ) throws(JIDError) {
        for (index, scalar) in scalars.enumerated() {
            switch scalar.precisUse {
            case .identifier where scalar.value > 0x7F || PlainAddress.isLocal(UInt8(scalar.value)): continue
            case .context where ContextRules.allow(index, in: scalars): continue
            default: throw .notAllowed(part, codePoint: scalar.value)
            }
        }
    }

    private static func limited(_ text: String, _ part: JIDPart) throws(JIDError) -> String {
        guard !text.isEmpty else { throw .empty(part) }
        guard text.utf8.count <= JID.partLimit else { throw .tooLong(part) }
        return text
    }
}
