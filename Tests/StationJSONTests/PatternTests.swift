// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct PatternTests {
    private static let all: [StringPattern] = [
        .serial, .identifier, .senMLName, .base64url(bytes: 0...5), .base64url(bytes: 3...3), .base64url(bytes: 1...3072),
        .hexSHA256, .uri, .bareJID, .itemID, .itemIDOrEmpty,
    ]

    @Test(arguments: all)
    func `the matcher and the regular expression agree`(_ pattern: StringPattern) throws {
        let expression = try Regex(pattern.regularExpression)
        var random = SeededRandom(seed: 8259)
        let alphabet = Array("AZazQgw-_.:/@+ 0129fb\n\u{7F}\u{1}\"&'<>~!é😀")
        var agreed = 0
        for _ in 0..<6_000 {
            let length = [0, 1, 2, 3, 4, 5, 6, 7, 8, 37, 63, 64, 65].randomElement(using: &random) ?? 1
            let few = Array(alphabet.shuffled(using: &random).prefix(Int.random(in: 1...5, using: &random)))
            let text = String((0..<length).compactMap { _ in few.randomElement(using: &random) })
            let says = try expression.wholeMatch(in: text) != nil && pattern.length.contains(text.unicodeScalars.count)
            #expect(pattern.matches(text) == says, "\(pattern): \(text.debugDescription)")
            agreed += says ? 1 : 0
        }
        if pattern != .hexSHA256 { #expect(agreed > 0, "\(pattern)") }
    }

    @Test(arguments: [
        (StringPattern.serial, "WX-1.a_b", true), (.serial, String(repeating: "x", count: 64), true),
        (.serial, String(repeating: "x", count: 65), false), (.serial, "", false), (.serial, "a b", false), (.serial, "a\n", false),
        (.base64url(bytes: 1...1), "AA", true), (.base64url(bytes: 1...1), "AB", false), (.base64url(bytes: 1...1), "A", false),
        (.base64url(bytes: 2...2), "AAE", true), (.base64url(bytes: 2...2), "AAB", false), (.base64url(bytes: 3...3), "AA==", false),
        (.base64url(bytes: 3...3), "A+/A", false), (.base64url(bytes: 3...3), "A-_A", true),
        (.hexSHA256, String(repeating: "a", count: 64), true), (.hexSHA256, String(repeating: "A", count: 64), false),
        (.hexSHA256, String(repeating: "a", count: 63), false),
        (.uri, "https://example.org/a?b#c", true), (.uri, "file:///a", true), (.uri, "://x", false), (.uri, "https:", false),
        (.uri, "https://a b", false), (.uri, "1a:b", false), (.uri, "https://exämple.org", false),
        (.bareJID, "wx-1@stations.example.org", true), (.bareJID, "example.org", true), (.bareJID, "a@b/c", false),
        (.bareJID, "@b", false), (.bareJID, "a@", false), (.bareJID, "a@b@c", false), (.bareJID, "a@[::1]", true),
        (.itemID, "1-4711", true), (.itemID, "0-0", true), (.itemID, "01-1", false), (.itemID, "1-", false), (.itemID, "1", false),
        (.itemID, "1-1-1", false), (.itemID, "1-1234567890123456789", false), (.itemIDOrEmpty, "", true),
    ])
    func `each form knows its edges`(_ pattern: StringPattern, _ text: String, _ fits: Bool) {
        #expect(pattern.matches(text) == fits)
    }
}
