// SPDX-License-Identifier: Apache-2.0

/// Where a scan stands. Words are copied whole, so the destination is written up to seven bytes ahead.
struct FramerCursor {
    let source: UnsafeRawPointer
    let end: Int
    let destination: UnsafeMutableRawPointer
    var input = 0
    var output: Int

    @inline(__always)
    var byte: UInt8 { source.load(fromByteOffset: input, as: UInt8.self) }

    @inline(__always)
    var word: UInt64 {
        UInt64(littleEndian: source.loadUnaligned(fromByteOffset: input, as: UInt64.self))
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        destination.storeBytes(of: byte, toByteOffset: output, as: UInt8.self)
        output &+= 1
    }

    @inline(__always)
    mutating func pass() -> UInt8 {
        let byte = byte
        put(byte)
        input &+= 1
        return byte
    }

    @inline(__always)
    func copyWord(_ word: UInt64) {
        destination.storeBytes(of: word.littleEndian, toByteOffset: output, as: UInt64.self)
    }

    @inline(__always)
    mutating func advance(_ count: Int) {
        input &+= count
        output &+= count
    }

    /// Passes on what is left, or as much of it, and says how much that was.
    mutating func passRest(upTo most: Int) -> Int {
        let count = max(0, min(most, end &- input))
        (destination + output).copyMemory(from: source + input, byteCount: count)
        advance(count)
        return count
    }
}
