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
        #expect(queue.wrote() == true)
        #expect(queue.append(Array("<d/>".utf8)) == .taken, "the wake-up for <c/> is under way")
        #expect(text(queue.next()) == "<c/><d/>")
        #expect(queue.wrote() == false)
        #expect(queue.isEmpty)
        #expect(queue.append(Array("<e/>".utf8)) == .wakeUp)
    }

    /// How much white space the next write ends with.
    private func spaces(_ queue: inout SendQueue) -> Int? {
        queue.next().map { $0.readableBytesView.reversed().prefix { $0 == 0x20 }.count }
    }

    static let writes: [(String, Int)] = [
        ("<a/>", 4), ("<message id='1234'/>", 20), ("<iq><ping xmlns='urn:xmpp:ping'/></iq>", 24),
        ("<iq type='get' id='1234567890'><ping/></iq>", 19), ("<message><body>some long text</body></message>", 10),
        ("<a b='\(String(repeating: "x", count: 200))'/><c/>", 205), (String(repeating: "<a/>", count: 99), 4),
    ]

    @Test("A tag is followed by as many bytes as it has, and white space makes up for what is missing", arguments: writes)
    func padding(bytes: String, count: Int) {
        var queue = SendQueue(limit: 1000, isPadded: true)
        _ = queue.append(Array(bytes.utf8))
        #expect(text(queue.next()) == bytes + String(repeating: " ", count: count))
        #expect(queue.wrote() == false)
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
    }

    @Test("White space comes when there is nothing more to send, and what is sent counts towards it")
    func paddingLater() {
        let long = "<a b='\(String(repeating: "x", count: SendQueue.blockBytes / 20))'/>"
        for (next, count) in [("<b/>", long.utf8.count - 4), (String(repeating: "<b/>", count: 20_000), 4)] {
            var queue = SendQueue(limit: 8 * SendQueue.blockBytes, isPadded: true)
            _ = queue.append([UInt8](repeating: 0x78, count: SendQueue.blockBytes - long.utf8.count) + Array(long.utf8))
            _ = queue.append(Array(next.utf8))
            #expect(spaces(&queue) == 0)
            #expect(queue.wrote() == true)
            #expect(spaces(&queue) == count)
            #expect(queue.wrote() == false)
        }
    }

    @Test("The white space is right for any tags", arguments: 0..<50)
    func randomPadding(seed: Int) {
        var bits = Bits(seed: UInt64(seed))
        var bytes: [UInt8] = []
        var tags: [Range<Int>] = []
        for _ in 0..<(1 + bits.next() % 40) {
            let scale = UInt64(1) << (bits.next() % 14)
            bytes += [UInt8](repeating: UInt8(ascii: "t"), count: Int(bits.next() % scale))
            let start = bytes.count
            bytes += Array("<\(String(repeating: "x", count: Int(bits.next() % scale)))>".utf8)
            tags.append(start..<bytes.count)
        }
        let expected = tags.map { $0.count - (bytes.count - $0.upperBound) }.max() ?? 0
        var queue = SendQueue(limit: 1 << 20, isPadded: true)
        _ = queue.append(bytes)
        #expect(spaces(&queue) == max(0, expected), "seed \(seed)")
    }

    @Test("Nothing follows the end of the stream, nor what is sent before the stream may be padded")
    func noPadding() {
        var queue = SendQueue(limit: 1000)
        _ = queue.append(Array("<starttls/>".utf8))
        #expect(spaces(&queue) == 0)
        _ = queue.wrote()
        queue.isPadded = true
        _ = queue.append(Array("</stream:stream>".utf8))
        queue.close()
        #expect(spaces(&queue) == 0)
        #expect(queue.wrote() == false)
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
        _ = queue.wrote()
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
            #expect(queue.wrote() != queue.isEmpty)
        }
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
        var queue = SendQueue(limit: 1 << 20, isPadded: true)
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
                if isWriting { _ = queue.wrote() }
                isWriting = false
            }
        }
        if isWriting { _ = queue.wrote() }
        while let buffer = queue.next() {
            written += buffer.readableBytesView
            _ = queue.wrote()
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
