// SPDX-License-Identifier: Apache-2.0
import StationJSON
import Testing

@testable import stationmaster_command

@Suite struct TerminalTests {
    /// (what a station sends, what the operator sees)
    @Test(arguments: [
        ("2.0", "2.0"), ("Grüße – 日本 👩‍🚀", "Grüße – 日本 👩‍🚀"), ("a\\u{1B}", "a\\u{1B}"),
        ("\u{1B}[2J\u{1B}]0;owned\u{7}", "\\u{1B}[2J\\u{1B}]0;owned\\u{7}"), ("a\nb\r\tc", "a\\u{A}b\\u{D}\\u{9}c"),
        ("\u{0}\u{7F}\u{80}\u{9B}31m\u{9F}\u{A0}", "\\u{0}\\u{7F}\\u{80}\\u{9B}31m\\u{9F}\u{A0}"),
        ("\u{202E}gpj\u{2066}\u{2069}\u{200F}\u{61C}", "\\u{202E}gpj\\u{2066}\\u{2069}\\u{200F}\\u{61C}"),
        ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
    ])
    func `What could move the cursor or turn the writing is written out`(text: String, shown: String) {
        #expect(TerminalText.safe(text) == shown)
        #expect(JSON.object(["version": .string(text)]).cell("version") == shown)
        #expect(Table(headings: ["VERSION"], rows: [[text]]).text == "VERSION\n" + shown)
    }

    @Test func `JSON on a terminal says the same without control characters`() throws {
        let json: JSON = ["text": "\u{9B}31m \u{202E}\n", "next": 1]
        let text = TerminalText.json(json.prettyPrinted(), isTerminal: true)
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || (0x20...0x7E).contains($0.value) })
        #expect(try JSONDocument(Array(text.utf8)).root.json == json)
        #expect(TerminalText.json(json.prettyPrinted(), isTerminal: false) == json.prettyPrinted())
    }

    @Test func `A refusal is a harmless line, or an object`() throws {
        let refusal = Refusal("not-found", "there is no \u{1B}[2J", status: 1)
        #expect(refusal.text(isJSON: false) == "stationmaster: there is no \\u{1B}[2J\n")
        let error = try JSONDocument(Array(refusal.text(isJSON: true).utf8)).root.json
        #expect(error == ["error": ["condition": "not-found", "text": "there is no \u{1B}[2J"]])
    }
}
