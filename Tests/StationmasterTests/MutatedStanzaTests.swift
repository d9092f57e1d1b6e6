// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite struct MutatedStanzaTests {
    private var generator = SeededBits(seed: 11)

    /// All stanzas that stand in the transcripts.
    private func seeds() throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Transcripts")
        var found: [[UInt8]] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            guard name.hasSuffix(".transcript") else { continue }
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for match in text.matches(of: /(?s)<(iq|message|presence)\b[^>]*?(\/>|>.*?<\/\1>)/) {
                found.append(Array(String(match.output.0).utf8))
            }
        }
        return found
    }

    private mutating func mutated(_ stanza: [UInt8], _ others: [[UInt8]]) -> [UInt8] {
        var bytes = stanza
        for _ in 0...(generator.next() % 3) {
            guard !bytes.isEmpty else { break }
            let at = Int(generator.next() % UInt64(bytes.count))
            let end = min(bytes.count, at + 1 + Int(generator.next() % 20))
            switch generator.next() % 5 {
            case 0: bytes[at] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.removeSubrange(at..<end)
            case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 3:
                let other = others[Int(generator.next() % UInt64(others.count))]
                bytes.replaceSubrange(at..<end, with: other[min(at, other.count)..<min(end, other.count)])
            default: bytes[at] = Array("<>'\"&{}[],:09e-".utf8)[Int(generator.next() % 15)]
            }
        }
        return bytes
    }

    /// The one stanza that a stream with these bytes holds; nil if they are none.
    private func parsed(_ bytes: [UInt8]) -> Element? {
        let parser = XMLStreamParser()
        let header = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>"
        guard let events = try? parser.feed(Array(header.utf8) + bytes + Array("<end/>".utf8)), parser.failure == nil else {
            return nil
        }
        var stanzas: [Element] = []
        for case .stanzas(let batch) in events { stanzas += batch.map(\.element) }
        return stanzas.count == 2 && stanzas[1].name.local == "end" ? stanzas[0] : nil
    }

    @Test mutating func `Mutated stanzas never trap, and each request is answered exactly once`() throws {
        let bench = try TestBench()
        let seeds = try seeds()
        try #require(seeds.count > 20)
        var requests = 0
        for number in 0..<20_000 {
            let sender = "wx-\(number)@\(number % 2 == 0 ? TestBench.stationsHost : "localhost")/x"
            guard let found = parsed(mutated(seeds[Int(generator.next() % UInt64(seeds.count))], seeds)) else { continue }
            var stanza = found
            stanza["from"] = sender
            stanza["to"] = TestBench.domain
            stanza["id"] = "m\(number)"
            var writer = XMLWriter(defaultNamespace: Namespaces.component)
            writer.write(stanza)
            let isRead = bench.receive(writer.take())
            try #require(isRead, "the link is closed by stanza \(number)")
            let answers = bench.sent().filter { $0["id"] == "m\(number)" && $0["to"] == sender }
            let isRequest = stanza.name == XMLName("iq", Namespaces.component) && ["get", "set"].contains(stanza["type"])
            if isRequest {
                requests += 1
                #expect(answers.count == 1, "stanza \(number): \(stanza)")
                #expect(answers.allSatisfy { ["result", "error"].contains($0["type"]) })
            }
            if number % 100 == 0 { bench.advance(seconds: 1) }
        }
        #expect(requests > 1000)
    }
}

/// Reproducible bits (SplitMix64).
private struct SeededBits {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
