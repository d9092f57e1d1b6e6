// SPDX-License-Identifier: Apache-2.0

/// Memory for the bytes of a stanza that is not complete, and for a piece that is read behind them.
struct FrameBuffer {
    /// Memory up to which an empty buffer is kept.
    private static let keptBytes = 1_048_576

    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0

    /// The memory, with room for so many more bytes.
    mutating func room(for more: Int) -> UnsafeMutableRawPointer {
        let needed = count &+ more
        if let base, capacity >= needed { return base }
        let grown = max(needed, capacity &* 2)
        let new = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
        if let base {
            new.copyMemory(from: base, byteCount: count)
            base.deallocate()
        }
        base = new
        capacity = grown
        return new
    }

    /// The bytes of a range that is there.
    func bytes(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        guard let base, start < end, end <= capacity else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + start, count: end &- start)
    }

    /// Keeps the bytes `start..<end` alone.
    mutating func keep(_ start: Int, _ end: Int) {
        count = max(0, end &- start)
        if let base, start > 0, count > 0 { base.copyMemory(from: base + start, byteCount: count) }
        if count == 0, capacity > Self.keptBytes { free() }
    }

    mutating func removeAll() { keep(0, 0) }

    mutating func free() {
        base?.deallocate()
        self = FrameBuffer()
    }
}
