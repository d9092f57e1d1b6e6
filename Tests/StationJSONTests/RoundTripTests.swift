// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: [1, 20_261_123, 4711] as [UInt64])
    func `parse after print is the identity`(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<2_000 {
            let json = anyJSON(&random, depth: 0)
            let text = json.text
            let document = try JSONDocument(text)
            // Compared outside of the macro, which would print both values in full.
            let isSame = document.root.json == json && document.root.json.text == text
            #expect(isSame, "seed \(seed), round \(round)")
        }
    }

    /// Wherever the bytes come from and however they are broken, the scanner answers; and what it takes, it can give back.
    @Test(arguments: [7, 8, 9, 10, 11] as [UInt64])
    func `mutated texts never trap`(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var reader = JSONReader()
        var taken = 0
        for _ in 0..<10_000 {
            var bytes = anyJSON(&random, depth: 0).serialized()
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
            guard let document = try? reader.read(bytes) else { continue }
            taken += 1
            let again = document.root.json.text
            let isSame = try JSONDocument(again).root.json.text == again && document.bytes == bytes
            #expect(isSame, "seed \(seed)")
            walk(document.root)
        }
        #expect(taken > 100)
    }

    private func walk(_ value: JSONValue) {
        _ = (value.kind, value.pointer, value.string, value.double, value.int64, value.bool, value.isNull)
        for item in value.items { walk(item) }
        for member in value.members { walk(member.value) }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let pieces = [
            "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "\\ud83d", "e", "E400", "-", ".", "0", "9", "true", "nul", " ", "\0",
            "\u{FFFE}", "]]>", "\"\":",
        ]
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.insert(contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: at)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...3, using: &random)))
        case 2 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.append(contentsOf: bytes[..<at])
        default: bytes.removeSubrange(at...)
        }
    }

    private func anyJSON(_ random: inout SeededRandom, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .boolean(.random(using: &random))
        case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0...63, using: &random))
        case 3:
            let number = Double(bitPattern: random.next())
            return .number(number.isFinite ? number : 0.5)
        case 4: return .number(Double(Int.random(in: -100_000...100_000, using: &random)) / 100)
        case 5: return .string(anyText(&random))
        case 6, 7:
            return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in anyJSON(&random, depth: depth + 1) })
        default:
            let count = Int.random(in: 0...15, using: &random)
            return .object((0..<count).map { JSON.Member(anyText(&random) + "#\($0)", anyJSON(&random, depth: depth + 1)) })
        }
    }

    private func anyText(_ random: inout SeededRandom) -> String {
        let special: [Unicode.Scalar] = ["\"", "\\", "/", "\0", "\u{1F}", "\u{2028}", "\u{FFFE}", "\u{FFFF}", "]", ">", "é", "😀"]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            if Int.random(in: 0..<3, using: &random) == 0 {
                text.append(special.randomElement(using: &random) ?? "x")
            } else {
                text.append(Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) ?? "y")
            }
        }
        return String(text)
    }
}
