// SPDX-License-Identifier: Apache-2.0

/// Comparing short runs of bytes, without the call that `memcmp` is.
enum PlainBytes {
    @inline(__always)
    static func areEqual(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return areEqual(first, second, a.count)
    }

    /// Whether `count` bytes are equal. Words may overlap, so nothing outside is read.
    @inline(__always)
    static func areEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
        if count >= 8 {
            var offset = 0
            while offset &+ 8 < count {
                guard same(a, b, offset, UInt64.self) else { return false }
                offset &+= 8
            }
            return same(a, b, count &- 8, UInt64.self)
        }
        if count >= 4 { return same(a, b, 0, UInt32.self) && same(a, b, count &- 4, UInt32.self) }
        for offset in 0..<max(0, count) where !same(a, b, offset, UInt8.self) { return false }
        return true
    }

    @inline(__always)
    private static func same<Word: FixedWidthInteger & BitwiseCopyable>(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ offset: Int, _: Word.Type
    ) -> Bool {
        a.loadUnaligned(fromByteOffset: offset, as: Word.self) == b.loadUnaligned(fromByteOffset: offset, as: Word.self)
    }
}
