// SPDX-License-Identifier: Apache-2.0

extension ProgramOptions {
    /// The annotated file: every option with its sentence, type, unit and default. `values` are put in place of defaults.
    public func annotated(_ values: [String: String] = [:]) -> String {
        var text = heading.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)\n" }.joined()
        text += "# Every key can be overridden by the environment variable named beside it.\n"
        var section = ""
        for option in options {
            let parts = option.key.split(separator: ".", maxSplits: 1)
            if parts.count == 2 && String(parts[0]) != section {
                section = String(parts[0])
                text += "\n\(section):\n"
            }
            let indent = parts.count == 2 ? "  " : ""
            let unit = option.unit.isEmpty ? "" : ", in \(option.unit)"
            text += "\(indent)# \(option.sentence)\n"
            text += "\(indent)# \(option.type.replacing("\\|", with: "|"))\(unit); \(option.environmentVariable(prefix: prefix))\n"
            let name = String(parts[parts.count - 1])
            if let value = values[option.key] ?? option.standard {
                text += "\(indent)\(name): \(Self.quoted(value, option))\n"
            } else {
                text += "\(indent)# \(name): (must be given)\n"
            }
        }
        return text
    }

    /// The same as a table, for the documentation.
    public var table: String {
        var text = "| Key | Type | Default | Unit | Meaning |\n|---|---|---|---|---|\n"
        for option in options {
            text += "| `\(option.key)` | \(option.type) | \(option.standard.map { "`\($0)`" } ?? "must be given") "
            text += "| \(option.unit) | \(option.sentence) |\n"
        }
        return text
    }

    private static func quoted(_ value: String, _ option: Option) -> String {
        switch option.kind {
        case .list: "[" + words(value).map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        case .text: "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        default: value
        }
    }
}
