// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationPKI
import Testing

@Suite struct `Challenges` {
    private static let identifier = Base64URL.encode([UInt8](repeating: 9, count: 32))
    private static let nonce = Base64URL.encode([UInt8](repeating: 5, count: 32))
    private static let lines = [
        "stationmaster challenge 1", "introduce", "devices.example", "wx-7@onboarding.example", "WX-7", identifier, nonce,
        "1800000000",
    ]

    @Test func `the message reads as published`() {
        let challenge = Challenge(
            purpose: "introduce", component: "devices.example", station: "wx-7@onboarding.example", serial: "WX-7",
            keyIdentifier: Self.identifier, nonce: [UInt8](repeating: 5, count: 32), expires: 1_800_000_000)
        #expect(String(decoding: challenge.message, as: UTF8.self) == Self.lines.joined(separator: "\n"))
        #expect(Challenge(message: challenge.message) == challenge)
    }

    @Test func `parsing what was printed gives the same`() throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<500 {
            let letters = Array("abcXYZ019._-")
            let serial = String((0..<Int.random(in: 1...64, using: &generator)).compactMap { _ in letters.randomElement(using: &generator) })
            let challenge = Challenge(
                purpose: round % 2 == 0 ? "engrave" : "introduce", component: "dévices\(round).example",
                station: "\(serial)@例え.example", serial: serial, keyIdentifier: Base64URL.encode(generator.bytes(32)),
                nonce: generator.bytes(32), expires: Int64.random(in: 0...Int64.max, using: &generator))
            let again = try #require(Challenge(message: challenge.message), "seed 11, round \(round)")
            #expect(again == challenge)
            #expect(again.message == challenge.message)
        }
    }

    @Test(arguments: [
        (0, "stationmaster challenge 2"), (0, ""), (0, "Stationmaster challenge 1"), (1, "prove"), (1, ""), (1, "Engrave"),
        (2, ""), (2, "a\tb"), (2, "a\rb"), (3, ""), (3, "a\0b"), (3, String(repeating: "x", count: 3072)), (4, ""), (4, "WX 7"),
        (4, "é"), (4, String(repeating: "9", count: 65)), (5, ""), (5, "AAAA"), (5, identifier + "="), (6, ""), (6, "AAAA"),
        (6, nonce + "AA"), (6, nonce.dropLast() + "V"), (7, ""), (7, "-1"), (7, "+1"), (7, "01"), (7, "1.0"), (7, " 1"),
        (7, "9223372036854775808"), (7, "٣"), (7, "1\n"), (7, "1\nx"),
    ])
    func `a message with one wrong line is refused`(line: Int, text: String) {
        #expect(Challenge(message: Array(Self.lines.joined(separator: "\n").utf8)) != nil)
        var lines = Self.lines
        lines[line] = text
        #expect(Challenge(message: Array(lines.joined(separator: "\n").utf8)) == nil)
    }

    @Test func `a message of another shape is refused`() {
        let good = Array(Self.lines.joined(separator: "\n").utf8)
        #expect(Challenge(message: []) == nil)
        #expect(Challenge(message: good + [0x0A]) == nil)
        #expect(Challenge(message: [0x0A] + good) == nil)
        #expect(Challenge(message: [0xEF, 0xBB, 0xBF] + good) == nil)
        #expect(Challenge(message: Array(Self.lines.joined(separator: "\r\n").utf8)) == nil)
        #expect(Challenge(message: Array(Self.lines.dropLast().joined(separator: "\n").utf8)) == nil)
        #expect(Challenge(message: good.map { $0 == UInt8(ascii: "@") ? 0xFF : $0 }) == nil)
        #expect(Challenge(message: [UInt8](repeating: 0x0A, count: PKILimits.challengeBytes * 4)) == nil)
    }

    @Test func `parts that a message cannot carry make one that nobody reads`() {
        func isRead(
            purpose: String = "engrave", component: String = "devices.example", station: String = "a@b", serial: String = "WX-7",
            keyIdentifier: String = Self.identifier, nonce: [UInt8] = [UInt8](repeating: 5, count: 32), expires: Int64 = 0
        ) -> Bool {
            let challenge = Challenge(
                purpose: purpose, component: component, station: station, serial: serial, keyIdentifier: keyIdentifier,
                nonce: nonce, expires: expires)
            let isRead = Challenge(message: challenge.message) == challenge
            #expect(isRead == challenge.isValid)
            #expect(isRead || Challenge(message: challenge.message) == nil)
            return isRead
        }
        #expect(isRead())
        #expect(!isRead(purpose: "prove"))
        #expect(!isRead(purpose: "engrave\ndevices.example"))
        #expect(!isRead(component: "a\nb"))
        #expect(!isRead(station: ""))
        #expect(!isRead(serial: "a\nb"))
        #expect(!isRead(keyIdentifier: "x"))
        #expect(!isRead(nonce: [1]))
        #expect(!isRead(nonce: []))
        #expect(!isRead(expires: -1))
    }
}
