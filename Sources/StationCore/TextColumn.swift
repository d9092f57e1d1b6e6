// SPDX-License-Identifier: Apache-2.0

/// One short text for each number, all in one run of bytes: four bytes a number and two a text beside the text itself.
/// What changed or was removed leaves a hole; holes are closed once they are half of it all.
public struct TextColumn: Sendable {
    private var starts: [UInt32] = []
    private var bytes: [UInt8] = [0]
    private var wasted = 0
    /// The longest text, in bytes; a resource is no longer (RFC 7622 §3.4).
    static let longest = 1023

    public init() {}

    /// Makes room, so that a table that is loaded does not grow by doubling.
    public mutating func reserve(_ count: Int, bytesEach: Int) {
        starts.reserveCapacity(count)
        bytes.reserveCapacity(count * (bytesEach + 2))
    }

    /// The bytes at a number; nil if there are none.
    public func with<R>(_ number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        guard starts.indices.contains(number), starts[number] != 0 else { return nil }
        let start = Int(starts[number])
        let count = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[(start + 2)..<(start + 2 + count)])) }
    }

    /// The text at a number.
    public subscript(number: Int) -> String? {
        get { with(number) { String(decoding: $0, as: UTF8.self) } }
        set {
            guard number >= 0 else { return }
            if let newValue, let same = with(number, { $0.elementsEqual(newValue.utf8) }), same { return }
            remove(number)
            guard let newValue, newValue.utf8.count <= Self.longest else { return }
            if number >= starts.count {
                starts.append(contentsOf: repeatElement(0, count: number + 1 - starts.count))
            }
            guard let start = UInt32(exactly: bytes.count) else { return }
            starts[number] = start
            bytes.append(UInt8(newValue.utf8.count >> 8))
            bytes.append(UInt8(newValue.utf8.count & 0xFF))
            bytes.append(contentsOf: newValue.utf8)
        }
    }

    private mutating func remove(_ number: Int) {
        guard let count = with(number, { $0.count }) else { return }
        starts[number] = 0
        wasted += count + 2
        if wasted > 65_536, wasted * 2 > bytes.count { compact() }
    }

    private mutating func compact() {
        var kept: [UInt8] = [0]
        kept.reserveCapacity(bytes.count - wasted)
        for number in starts.indices where starts[number] != 0 {
            let start = Int(starts[number])
            let end = start + 2 + (Int(bytes[start]) << 8 | Int(bytes[start + 1]))
            starts[number] = UInt32(truncatingIfNeeded: kept.count)
            kept.append(contentsOf: bytes[start..<end])
        }
        bytes = kept
        wasted = 0
    }
}
