// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Text that came over the network, for the eyes of an operator: what could move the cursor, change colours, reorder a line or
/// begin a new one is written out instead.
enum TerminalText {
    /// Such characters as `\u{…}`.
    static func safe(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        return replacing(text) { "\\u{" + String($0.value, radix: 16, uppercase: true) + "}" }
    }

    /// JSON text as it is for programs; on a terminal with such characters as JSON escapes, which says the same. Line breaks of
    /// the layout stay: inside strings JSON has none.
    static func json(_ text: String, isTerminal: Bool = isatty(STDOUT_FILENO) == 1) -> String {
        guard isTerminal, text.unicodeScalars.contains(where: isHarmful) else { return text }
        return replacing(text) { scalar in
            if scalar == "\n" { return "\n" }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    private static func replacing(_ text: String, _ replacement: (Unicode.Scalar) -> String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if isHarmful(scalar) { result += replacement(scalar) } else { result.unicodeScalars.append(scalar) }
        }
    }

    /// C0, DEL, C1, the separators of lines and paragraphs, and the controls of writing direction (UAX #9).
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
