// SPDX-License-Identifier: Apache-2.0
import StationTesting
import Testing

@testable import StationCore

@Suite("A column of short texts")
struct TextColumnTests {
    @Test func `the same text again takes no more room`() {
        var column = TextColumn()
        for number in 0..<1000 { column[number] = "agent" }
        #expect(column.byteCount < 20)
        column[500] = "other"
        column[501] = nil
        #expect(column[499] == "agent" && column[500] == "other" && column[501] == nil && column[502] == "agent")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `it is the dictionary that it stands for, and its holes are closed`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var column = TextColumn()
        var expected: [Int: String] = [:]
        for _ in 0..<40_000 {
            let number = Int.random(in: 0..<500, using: &random)
            let text: String? =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: nil
                case 1: "agent"
                default: String(repeating: "x", count: Int.random(in: 0...40, using: &random)) + String(number)
                }
            column[number] = text
            expected[number] = text
        }
        for number in 0..<500 { #expect(column[number] == expected[number]) }
        #expect(column.byteCount < 2 * 500 * 46 + 65_536 + 46)
        column[7] = String(repeating: "x", count: 1024)
        #expect(column[7] == nil, "longer than any resource")
        column[-1] = "x"
        #expect(column[-1] == nil && column[1 << 40] == nil)
    }
}
