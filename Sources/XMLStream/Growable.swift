// SPDX-License-Identifier: Apache-2.0

/// A flat array of plain values without reference counts, bounds checks or copies on write.
///
/// For the parser only, which writes it from callbacks; its owner frees it.
struct Growable<Value: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Value>?
    private(set) var count = 0
    private(set) var capacity = 0

    /// Bytes of memory held.
    var footprint: Int { capacity &* MemoryLayout<Value>.stride }

    @inline(__always)
    mutating func append(_ value: Value) {
        if count == capacity { grow(by: 1) }
        base.unsafelyUnwrapped[count] = value
        count &+= 1
    }

    /// Appends `length` values and says where they begin.
    @inline(__always)
    @discardableResult
    mutating func append(_ source: UnsafePointer<Value>, _ length: Int) -> Int {
        let start = count
        if length > capacity &- count { grow(by: length) }
        if length == 1 {
            // Servers escape each quote, which makes it a piece of text of its own.
            base.unsafelyUnwrapped[count] = source[0]
        } else if length > 0 {
            (base.unsafelyUnwrapped + count).update(from: source, count: length)
        }
        count &+= max(0, length)
        return start
    }

    /// The memory behind the values, with room for so many more.
    @inline(__always)
    mutating func room(for more: Int) -> UnsafeMutablePointer<Value> {
        if more > capacity &- count { grow(by: more) }
        return base.unsafelyUnwrapped
    }

    /// Takes in the values up to `newCount`, which were written where ``room(for:)`` said.
    @inline(__always)
    mutating func extend(to newCount: Int) { count = max(count, newCount) }

    /// The value at an index that the caller knows to exist.
    @inline(__always)
    subscript(index: Int) -> Value {
        get { base.unsafelyUnwrapped[index] }
        nonmutating set { base.unsafelyUnwrapped[index] = newValue }
    }

    /// Where values from `index` on are.
    @inline(__always)
    func pointer(at index: Int) -> UnsafeMutablePointer<Value> { base.unsafelyUnwrapped + index }

    /// The values `start..<start+length`; empty without memory behind it if there are none.
    @inline(__always)
    func slice(_ start: Int, _ length: Int) -> UnsafeBufferPointer<Value> {
        guard let base, length > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: base + start, count: length)
    }

    /// Forgets the values from `newCount` on, and keeps the memory.
    @inline(__always)
    mutating func shrink(to newCount: Int) { count = min(count, newCount) }

    mutating func free() {
        base?.deallocate()
        self = Growable()
    }

    @inline(never)
    private mutating func grow(by length: Int) {
        let needed = max(64, max(capacity &* 2, count &+ length))
        let new = UnsafeMutablePointer<Value>.allocate(capacity: needed)
        if let base {
            new.update(from: base, count: count)
            base.deallocate()
        }
        base = new
        capacity = needed
    }
}
