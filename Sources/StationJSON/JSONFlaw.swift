// SPDX-License-Identifier: Apache-2.0

/// What the scanner stopped at. The words are made only once a text is refused.
enum JSONFlaw: UInt8 {
    case empty, unexpected, unfinished, trailing, tooDeep
    case control, badEscape, loneSurrogate, badUTF8, badNumber, numberRange, duplicate

    func reason(depthLimit: Int) -> String {
        switch self {
        case .empty: "no JSON text"
        case .unexpected: "unexpected character"
        case .unfinished: "the text ends too early"
        case .trailing: "text after the value"
        case .tooDeep: "nested deeper than \(depthLimit)"
        case .control: "control character in a string"
        case .badEscape: "unknown escape in a string"
        case .loneSurrogate: "lone surrogate in a string"
        case .badUTF8: "not UTF-8"
        case .badNumber: "not a number of RFC 8259"
        case .numberRange: "number too large"
        case .duplicate: "member stands twice"
        }
    }

    /// Whether this stands for "the text ends too early" when it was met at the end.
    var canBeUnfinished: Bool {
        switch self {
        case .unexpected, .control, .badEscape, .loneSurrogate, .badUTF8, .badNumber: true
        default: false
        }
    }
}
