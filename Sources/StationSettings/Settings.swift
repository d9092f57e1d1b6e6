// SPDX-License-Identifier: Apache-2.0

/// The values of all options after reading, each with the place it came from.
public struct Settings: Sendable {
    struct Value: Sendable {
        var texts: [String]
        var place: String
    }

    var values: [String: Value] = [:]

    /// The text of an option; empty if it was not given and has no default.
    public func text(_ key: String) -> String { values[key]?.texts.first ?? "" }
    /// All texts of a list.
    public func list(_ key: String) -> [String] { values[key]?.texts ?? [] }
    /// Checked while reading; 0 only for a key that is no option.
    public func integer(_ key: String) -> Int { Int(text(key)) ?? 0 }
    /// Checked while reading; 0 only for a key that is no option.
    public func number(_ key: String) -> Double { Double(text(key)) ?? 0 }
    /// Checked while reading; false for a key that is no option.
    public func boolean(_ key: String) -> Bool { text(key) == "true" }

    /// An error about this option's value that shows only when it is used, with its place.
    public func error(_ key: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(key: key, place: values[key]?.place ?? "configuration", reason: reason)
    }
}
