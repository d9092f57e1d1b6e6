// SPDX-License-Identifier: Apache-2.0

/// Text from the network, made fit for a log line or a sentence of an error.
public enum LogText {
    /// The most characters (code points) that are kept.
    public static let limit = 200

    /// Cut to ``limit``; control characters and line separators become U+FFFD.
    public static func safe(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            let isControl =
                scalar.properties.generalCategory == .control || scalar.value == 0x2028 || scalar.value == 0x2029
            result.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}
