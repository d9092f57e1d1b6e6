// SPDX-License-Identifier: Apache-2.0

/// One short text for each number, all in one run of bytes: four bytes a number, and two a text beside the text itself.
/// A text that is the same as the one before it is kept once: stations of one maker have the same resource.
/// What changed or was removed leaves a hole; holes are closed once they are half of it all.
public struct TextColumn: Sendable {
    private var starts: [UInt32] = []
    private var bytes: [UInt8] = [0]
    /// Where the last text stands; 0 before the first.
    private var last: UInt32 = 0
    /// What all texts would take if each were kept by itself.
    private var needed = 0
    /// The longest text, in bytes; a resource is no longer (RFC 7622 §3.4).
    static let longest = 1023
    /// So many bytes of holes are never looked at.
    private static let slack = 65_536

    public init() {}

    /// Bytes of all texts, those of holes included.
    var byteCount: Int { bytes.count }

    /// Makes room, so that a table that is loaded does not grow by doubling.
    public mutating func reserve(_ count: Int, bytesEach: Int) {
        starts.reserveCapacity(count)
        bytes.reserveCapacity(count * (bytesEach + 2))
    }

    /// The bytes at a number; nil if there are none.
    public func with<R>(_ number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        guard starts.indices.contains(number), starts[number] != 0 else { return nil }
        return text(at: starts[number], body)
    }

    private func text<R>(at start: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        let start = Int(start)
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
            guard let start = place(Array(newValue.utf8)) else { return }
            starts[number] = start
            needed += newValue.utf8.count + 2
        }
    }

    /// Where the text stands, which is appended unless it is the last one again; nil if there is no room.
    private mutating func place(_ text: [UInt8]) -> UInt32? {
        if last != 0, self.text(at: last, { $0.elementsEqual(text) }) { return last }
        guard let start = UInt32(exactly: bytes.count) else { return nil }
        bytes.append(UInt8(text.count >> 8))
        bytes.append(UInt8(text.count & 0xFF))
        bytes.append(contentsOf: text)
        last = start
        return start
    }

    private mutating func remove(_ number: Int) {
        guard let count = with(number, { $0.count }) else { return }
        starts[number] = 0
        needed -= count + 2
        if bytes.count > 2 * needed + Self.slack { compact() }
    }

    private mutating func compact() {
        var kept = TextColumn()
        kept.bytes.reserveCapacity(needed)
        for number in starts.indices {
            guard let text = with(number, { Array($0) }), let start = kept.place(text) else { continue }
            starts[number] = start
        }
        bytes = kept.bytes
        last = kept.last
    }
}
