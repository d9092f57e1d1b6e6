// SPDX-License-Identifier: Apache-2.0

/// Finds a name that stands twice in one object, escapes resolved (RFC 7493 §2.3).
struct JSONNames {
    /// Up to so many members are compared one with another; beyond that a table keeps the work linear.
    private static let fewMembers = 12

    private let bytes: UnsafeMutablePointer<UInt8>
    private let nodes: UnsafeMutablePointer<Node>
    private let first: Int
    private let end: Int

    /// The node of the repeated name, or nil.
    @inline(never) static func repeated(
        in bytes: UnsafeMutablePointer<UInt8>, _ nodes: UnsafeMutablePointer<Node>, _ object: OpenContainer, _ end: Int
    ) -> Int? {
        let names = JSONNames(bytes: bytes, nodes: nodes, first: Int(object.node) + 1, end: end)
        return object.count <= fewMembers ? names.amongFew() : names.amongMany(Int(object.count))
    }

    private func amongFew() -> Int? {
        var later = first
        while later < end {
            var earlier = first
            while earlier < later {
                if isSame(earlier, later) { return later }
                earlier = Int(nodes[earlier + 1].next)
            }
            later = Int(nodes[later + 1].next)
        }
        return nil
    }

    /// Open addressing over node indices. The hash is seeded per process, so collisions cannot be prepared.
    private func amongMany(_ count: Int) -> Int? {
        var size = 64
        while size < count * 2 { size *= 2 }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: size) { table in
            table.initialize(repeating: 0)
            var index = first
            while index < end {
                var slot = hash(index) & (size - 1)
                while table[slot] != 0 {
                    if isSame(Int(table[slot]), index) { return index }
                    slot = (slot + 1) & (size - 1)
                }
                table[slot] = UInt32(truncatingIfNeeded: index)
                index = Int(nodes[index + 1].next)
            }
            return nil
        }
    }

    private func content(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let node = nodes[index]
        return UnsafeBufferPointer(start: bytes + Int(node.start) + 1, count: Int(node.end &- node.start) - 2)
    }

    private func hash(_ index: Int) -> Int {
        var hasher = Hasher()
        if nodes[index].isEscaped {
            unescaped(content(index)).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            hasher.combine(bytes: UnsafeRawBufferPointer(content(index)))
        }
        return hasher.finalize()
    }

    private func isSame(_ a: Int, _ b: Int) -> Bool {
        if !nodes[a].isEscaped && !nodes[b].isEscaped { return sameBytes(content(a), content(b)) }
        var left = UnescapedBytes(content(a))
        var right = UnescapedBytes(content(b))
        while let byte = left.next() { guard right.next() == byte else { return false } }
        return right.next() == nil
    }
}
