// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationJSON

/// Parts of an answer as people read them.
extension JSON {
    /// The members' values of an array inside an object; empty if there is none.
    func rows(_ key: String) -> [JSON] {
        if case .array(let items)? = self[key] { return items }
        return []
    }

    /// A value on a terminal; a text may have come from a station.
    func cell(_ key: String) -> String {
        switch self[key] {
        case .string(let text)?: TerminalText.safe(text)
        case .integer(let number)?: String(number)
        case .number(let number)?: String(number)
        case .boolean(let flag)?: flag ? "yes" : "no"
        default: "–"
        }
    }

    /// Seconds since 1970 as local time.
    func time(_ key: String) -> String {
        guard let seconds = self[key]?.double else { return "–" }
        let formatter = DateFormatter()
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return formatter.string(from: Date(timeIntervalSince1970: seconds))
    }

    /// For standard output: with the line end behind it.
    var printed: String { TerminalText.json(prettyPrinted()) }
}
