// SPDX-License-Identifier: Apache-2.0
import Testing
@testable import XMLStream

/// What parsing costs in memory does not depend on how many stanzas there are.
@Suite("Memory for batches")
struct AllocationTests {
    @Test("Reads of any size fill one and the same batch, whose memory stops growing", arguments: [1, 10, 100])
    func reused(stanzas: Int) throws {
        let parser = XMLStreamParser()
        _ = try parser.feed(Array(Sample.header.utf8))
        let read = Array(String(repeating: Sample.stanzas[2], count: stanzas).utf8)
        var places: Set<UnsafeMutableRawPointer> = []
        var sizes: Set<Int> = []
        for round in 0..<200 {
            let events = try parser.feed(read)
            #expect(events.count == 1)
            guard case .stanzas(let batch)? = events.first else { continue }
            #expect(batch.count == stanzas)
            if round >= 10 {
                places.insert(UnsafeMutableRawPointer(batch.storage))
                sizes.insert(batch.memoryBytes)
                if let nodes = batch.storage.pointee.nodes.base { places.insert(UnsafeMutableRawPointer(nodes)) }
            }
        }
        // One batch; its nodes change places with those of the stanza that is under way.
        #expect(places.count <= 3)
        #expect(sizes.count <= 2)
    }

    @Test("Two hundred thousand stanzas later the process is no larger")
    func flat() async {
        await #expect(processExitsWith: .success) {
            let parser = XMLStreamParser()
            _ = try parser.feed(Array(Sample.header.utf8))
            let read = Array(String(repeating: Sample.stanzas[2], count: 100).utf8)
            for _ in 0..<200 { _ = try parser.feed(read) }
            let before = residentKilobytes()
            for _ in 0..<2000 { _ = try parser.feed(read) }
            let grown = residentKilobytes() - before
            #expect(grown < 1000 || isSanitized, "grew by \(grown) KB")
        }
    }
}
