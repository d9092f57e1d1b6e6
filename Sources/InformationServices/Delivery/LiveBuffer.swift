// SPDX-License-Identifier: Apache-2.0

/// Reports whose live deliveries wait for a congested link, the oldest first, bounded in bytes: when there is no room, the
/// oldest are dropped. A report waits once, however many subscribers it goes to.
struct LiveBuffer {
    private struct Entry: BitwiseCopyable {
        let publisher: Int64
        let position: Int64
        let start: UInt32
        let count: UInt32
        let isLate: Bool
    }

    /// Memory that is filled and then given back as a whole.
    private struct Block {
        var bytes: [UInt8] = []
        var entries: [Entry] = []
        /// The first entry that is still there.
        var next = 0
    }

    private static let blockBytes = 1 << 20
    private let limit: Int
    private var blocks: [Block] = []
    /// Bytes of bodies and entries that wait.
    private(set) var bytes = 0

    /// - Parameter limit: in bytes of bodies and of what is remembered about each.
    init(limit: Int) { self.limit = max(0, limit) }

    var isEmpty: Bool { blocks.isEmpty }

    /// Puts a report at the end.
    ///
    /// - Parameter dropped: called with the publisher of each report for which there is no room any more.
    mutating func append(
        publisher: Int64, position: Int64, isLate: Bool, body: UnsafeBufferPointer<UInt8>, dropped: (Int64) -> Void
    ) {
        let size = Self.size(body.count)
        guard size <= limit, let count = UInt32(exactly: body.count) else { return dropped(publisher) }
        while bytes > limit &- size, let first {
            dropped(first)
            removeFirst()
        }
        if blocks.last.map({ $0.bytes.count &+ body.count > Self.blockBytes }) ?? true {
            var block = Block()
            block.bytes.reserveCapacity(max(Self.blockBytes, body.count))
            blocks.append(block)
        }
        let last = blocks.count &- 1
        // A block has a mebibyte, or one body.
        let start = UInt32(truncatingIfNeeded: blocks[last].bytes.count)
        blocks[last].bytes.append(contentsOf: body)
        blocks[last].entries.append(
            Entry(publisher: publisher, position: position, start: start, count: count, isLate: isLate))
        bytes &+= size
    }

    /// The publisher of the oldest report.
    private var first: Int64? { blocks.first.map { $0.entries[$0.next].publisher } }

    /// Lends the oldest reports, so many of them at most, in order, until `body` says no.
    ///
    /// - Returns: how many were lent and agreed to.
    @discardableResult
    func withOldest(_ most: Int, _ body: (Int64, Int64, Bool, UnsafeBufferPointer<UInt8>) -> Bool) -> Int {
        var count = 0
        for block in blocks {
            for entry in block.entries[block.next...] {
                guard count < most else { return count }
                let goesOn = block.bytes.withUnsafeBufferPointer {
                    body(
                        entry.publisher, entry.position, entry.isLate,
                        UnsafeBufferPointer(rebasing: $0[Int(entry.start)..<(Int(entry.start) &+ Int(entry.count))]))
                }
                count &+= 1
                if !goesOn { return count }
            }
        }
        return count
    }

    /// Forgets the oldest reports.
    mutating func removeFirst(_ count: Int = 1) {
        for _ in 0..<count {
            guard let block = blocks.first else { return }
            bytes &-= Self.size(Int(block.entries[block.next].count))
            if block.next &+ 1 == block.entries.count {
                blocks.removeFirst()
            } else {
                blocks[0].next &+= 1
            }
        }
    }

    private static func size(_ body: Int) -> Int { body &+ MemoryLayout<Entry>.stride }
}
