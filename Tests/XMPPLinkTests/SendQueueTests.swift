// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing
import XMPPTransport

@Suite("The queue of what is to be written")
struct SendQueueTests {
    private func text(_ buffer: ByteBuffer?) -> String? { buffer.map { String(buffer: $0) } }

    @Test("Many sends make one wake-up and one write")
    func batches() {
        var queue = SendQueue(limit: 1000)
        #expect(queue.append(Array("<a/>".utf8)) == .wakeUp)
        #expect(queue.append(Array("<b/>".utf8)) == .taken)
        #expect(queue.append([]) == .taken)
        #expect(text(queue.next()) == "<a/><b/>")
        #expect(queue.append(Array("<c/>".utf8)) == .taken, "a write is under way; it will find this")
        #expect(queue.next() == nil, "one write at a time")
        #expect(queue.wrote(split: false) == true)
        #expect(queue.append(Array("<d/>".utf8)) == .taken, "the wake-up for <c/> is under way")
        #expect(text(queue.next()) == "<c/><d/>")
        #expect(queue.wrote(split: false) == false)
        #expect(queue.isEmpty)
        #expect(queue.append(Array("<e/>".utf8)) == .wakeUp)
    }

    @Test("A split write is followed by white space once nothing else is to be sent, and only then")
    func padding() {
        var queue = SendQueue(limit: 1000, padding: 64)
        _ = queue.append(Array("<a/>".utf8))
        _ = queue.next()
        _ = queue.append(Array("<b/>".utf8))
        #expect(queue.wrote(split: true) == true)
        #expect(text(queue.next()) == "<b/>", "stanzas push the split one through as well")
        #expect(queue.wrote(split: false) == false)
        _ = queue.append(Array("<c/>".utf8))
        _ = queue.next()
        #expect(queue.wrote(split: true) == true)
        #expect(text(queue.next()) == String(repeating: " ", count: 64))
        #expect(queue.wrote(split: true) == false, "padding needs no padding")
        #expect(queue.next() == nil)
    }

    @Test("The white space is as long as the longest tag of the write")
    func longTag() {
        for (bytes, spaces) in [
            ("<a b='\(String(repeating: "x", count: 200))'/><c/>", 209), (String(repeating: "<a/>", count: 99), 64),
        ] {
            var queue = SendQueue(limit: 1000, padding: 64)
            _ = queue.append(Array(bytes.utf8))
            _ = queue.next()
            #expect(queue.wrote(split: true) == true)
            #expect(text(queue.next()) == String(repeating: " ", count: spaces))
        }
    }

    @Test("Nothing follows the end of the stream")
    func noPaddingAtTheEnd() {
        var queue = SendQueue(limit: 1000, padding: 64)
        _ = queue.append(Array("</stream:stream>".utf8))
        queue.close()
        _ = queue.next()
        #expect(queue.wrote(split: true) == false)
        #expect(queue.next() == nil)
    }

    @Test("Padding can be switched off")
    func noPadding() {
        var queue = SendQueue(limit: 1000, padding: 0)
        _ = queue.append([1])
        _ = queue.next()
        #expect(queue.wrote(split: true) == false)
        #expect(queue.next() == nil)
    }

    @Test("The limit counts what is gathered and what is being written; nothing is taken in part")
    func limit() {
        var queue = SendQueue(limit: 10)
        #expect(queue.append([UInt8](repeating: 1, count: 11)) == .refused)
        #expect(queue.append([UInt8](repeating: 1, count: 6)) == .wakeUp)
        #expect(queue.next()?.readableBytes == 6)
        #expect(queue.append([UInt8](repeating: 1, count: 5)) == .refused)
        #expect(queue.append([UInt8](repeating: 1, count: 4)) == .taken)
        #expect(queue.append([1]) == .refused)
        #expect(queue.count == 10)
        _ = queue.wrote(split: false)
        #expect(queue.append([UInt8](repeating: 1, count: 6)) == .taken)
        #expect(queue.count == 10)
    }

    @Test("What is more than a block goes out in blocks, whole chunks each, and a huge chunk at once")
    func blocks() {
        let block = SendQueue.blockBytes
        var queue = SendQueue(limit: 100 * block)
        func chunk(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }
        _ = queue.append(chunk(1, block))
        #expect(queue.append([2]) == .taken)
        _ = queue.append(chunk(3, 3 * block))
        _ = queue.append([4])
        #expect(queue.count == 4 * block + 2)
        for expected in [chunk(1, block), [2], chunk(3, 3 * block), [4]] {
            let buffer = queue.next()
            let isSame = buffer.map { Array($0.readableBytesView) } == expected
            #expect(isSame)
            #expect(queue.wrote(split: true) == true)
        }
        #expect(text(queue.next()) == String(repeating: " ", count: 64))
        #expect(queue.wrote(split: false) == false)
        #expect(queue.isEmpty)
    }

    @Test("A closed queue writes what it has and takes nothing; a failed one forgets")
    func closing() {
        var queue = SendQueue(limit: 10)
        _ = queue.append([1, 2])
        queue.close()
        #expect(queue.append([3]) == .refused)
        #expect(queue.next()?.readableBytes == 2)
        queue.fail()
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
        #expect(queue.append([3]) == .refused)
    }

    @Test("Nothing is lost or changed in any order of sends and writes", arguments: 0..<20)
    func random(seed: Int) {
        var generator = Bits(seed: UInt64(seed))
        var queue = SendQueue(limit: 1 << 20, padding: 3)
        var expected: [UInt8] = []
        var written: [UInt8] = []
        var isWriting = false
        for _ in 0..<500 {
            switch generator.next() % 3 {
            case 0:
                let bytes = (0..<Int(generator.next() % 300)).map { _ in
                    UInt8(truncatingIfNeeded: generator.next()) | 0x80
                }
                if queue.append(bytes) != .refused { expected += bytes }
            case 1:
                if let buffer = queue.next() {
                    #expect(!isWriting)
                    isWriting = true
                    written += buffer.readableBytesView
                }
            default:
                if isWriting { _ = queue.wrote(split: generator.next() % 2 == 0) }
                isWriting = false
            }
        }
        if isWriting { _ = queue.wrote(split: false) }
        while let buffer = queue.next() {
            written += buffer.readableBytesView
            _ = queue.wrote(split: false)
        }
        #expect(written.filter { $0 != 0x20 } == expected, "seed \(seed)")
    }
}

/// Reproducible bits for tests (SplitMix64).
struct Bits {
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
