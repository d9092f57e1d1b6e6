// SPDX-License-Identifier: Apache-2.0

/// A password as SCRAM hashes it (SASLprep, RFC 4013), for what passwords of stations hold in practice: ASCII is taken
/// as it is, other spaces become U+0020, what is mapped to nothing goes, control characters are refused.
/// Compatibility forms are not folded: a password with such letters has to be given as the server stores it.
struct PreparedPassword: Hashable, Sendable {
    let bytes: [UInt8]

    /// Nil for a password that is empty or holds control characters.
    init?(_ password: String) {
        var text = ""
        for scalar in password.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .surrogate, .privateUse, .unassigned: return nil
            case .spaceSeparator: text.unicodeScalars.append(" ")
            default:
                // RFC 3454 table B.1, its members in use
                switch scalar.value {
                case 0xAD, 0x034F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: break
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        guard !text.isEmpty else { return nil }
        bytes = Array(text.utf8)
    }
}
