// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("Broken input")
struct MutationTests {
    static func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        let markup = Array("<>/&;'\"=!?[]-: xmlns\u{0}\n".utf8) + [0x80, 0xEF, 0xFF]
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] = markup.randomElement(using: &generator) ?? 0
            case 2: bytes.insert(markup.randomElement(using: &generator) ?? 0, at: place)
            case 3: bytes.remove(at: place)
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator)))
            default:
                let end = min(bytes.count, place + Int.random(in: 1...60, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            }
        }
        return bytes
    }

    /// 20,000 runs in all.
    @Test("Mutated streams never trap, and mean the same however they are cut", arguments: [21, 22, 23, 24, 25] as [UInt64])
    func mutations(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        var limits = XMLLimits()
        limits.nameBudget = 30
        let parser = XMLStreamParser(limits: limits)
        var failures = 0
        for run in 0..<4000 {
            let stanzas = (0..<3).map { _ in Sample.stanzas.randomElement(using: &generator) ?? "" }.joined()
            let bytes = Self.mutated(Array((Sample.header + stanzas + "</stream:stream>").utf8), &generator)
            parser.reset()
            let whole = Outcome([bytes], parser: parser)
            parser.reset()
            let pieces = Outcome(cut(bytes, longest: 120, using: &generator), parser: parser)
            #expect(whole.stanzas == pieces.stanzas, "run \(run) of seed \(seed)")
            #expect(whole.header == pieces.header)
            #expect(whole.isClosed == pieces.isClosed)
            // A long tag without > is not looked at before it has one, so an error in it may come later.
            if let failure = pieces.failure { #expect(failure.kind == whole.failure?.kind, "run \(run) of seed \(seed)") }
            if whole.failure != nil { failures += 1 }
            for stanza in whole.stanzas { _ = stanza.description }
        }
        #expect(failures > 1000, "most mutations break the stream")
    }

    @Test("Random bytes never trap", arguments: [31, 32] as [UInt64])
    func noise(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...100, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = Outcome([bytes])
            _ = Outcome([Array(Sample.header.utf8), bytes])
        }
    }
}
