// SPDX-License-Identifier: Apache-2.0

/// A table of token buckets of fixed size, by 64-bit hashes: nothing is allocated after it is made.
///
/// A bucket is kept as the time at which it will be full again, so one that is full needs no place at all: its place is
/// free for the next. Where four senders that share a place are all busy, the one that has used least is forgotten, which
/// errs on the side of letting it send.
public struct TokenBuckets: ~Copyable, @unchecked Sendable {
    /// What to do with what was sent.
    public enum Verdict: Hashable, Sendable {
        /// There was a token.
        case taken
        /// There was none, and the sender has not been told yet.
        case tell
        /// There was none, and the sender knows.
        case silent
    }

    private struct Bucket: BitwiseCopyable {
        /// The hash without its lowest bit, which says whether the sender was told; 0 for nobody.
        var key: UInt64 = 0
        /// When the bucket is full again, in nanoseconds of the caller's clock.
        var full: Int64 = .min
    }

    private static let ways = 4
    /// Owned by this value alone, so that a stanza pays for no check of that.
    private let buckets: UnsafeMutablePointer<Bucket>
    /// How many there are, less one.
    private let mask: Int

    /// - Parameter count: how many senders are remembered; rounded up to a power of two.
    public init(count: Int) {
        var size = Self.ways
        while size < count, size < 1 << 30 { size &<<= 1 }
        buckets = .allocate(capacity: size)
        buckets.initialize(repeating: Bucket(), count: size)
        mask = size &- 1
    }

    deinit { buckets.deallocate() }

    /// Bytes of memory.
    public var memoryBytes: Int { (mask &+ 1) &* MemoryLayout<Bucket>.stride }

    /// Takes a token of the sender's bucket.
    ///
    /// - Parameter now: nanoseconds of a clock that does not go back; where it does, a bucket is empty at worst.
    public mutating func take(_ hash: UInt64, _ limit: Prepared, now: Int64) -> Verdict {
        let key = Self.key(hash)
        let place = place(of: key)
        var bucket = buckets[place]
        if bucket.key & ~1 != key { bucket = Bucket(key: key) }
        let used = min(max(bucket.full, now) &- now, limit.depth)
        guard used <= limit.most else {
            buckets[place] = Bucket(key: bucket.key | 1, full: now &+ used)
            return bucket.key & 1 == 0 ? .tell : .silent
        }
        buckets[place] = Bucket(key: used <= limit.half ? key : bucket.key, full: now &+ used &+ limit.interval)
        return .taken
    }

    /// Where the bucket is, for ``has(at:_:now:)`` and ``charge(at:_:now:)``: one look for both.
    mutating func claim(_ hash: UInt64) -> Int {
        let key = Self.key(hash)
        let place = place(of: key)
        if buckets[place].key & ~1 != key { buckets[place] = Bucket(key: key) }
        return place
    }

    /// Whether there is a token.
    @inline(__always)
    func has(at place: Int, _ limit: Prepared, now: Int64) -> Bool {
        min(max(buckets[place].full, now) &- now, limit.depth) <= limit.most
    }

    /// Takes a token that is known to be there.
    @inline(__always)
    mutating func charge(at place: Int, _ limit: Prepared, now: Int64) {
        let used = min(max(buckets[place].full, now) &- now, limit.depth)
        buckets[place].full = now &+ used &+ limit.interval
    }

    /// The sender is refused for another reason than its own bucket: whether it has to be told.
    public mutating func refuse(_ hash: UInt64, now: Int64) -> Verdict {
        let key = Self.key(hash)
        let place = place(of: key)
        let isKnown = buckets[place].key & ~1 == key
        let verdict: Verdict = isKnown && buckets[place].key & 1 == 1 ? .silent : .tell
        // Remembered for a second, even one whose own bucket is full.
        buckets[place] = Bucket(key: key | 1, full: max(isKnown ? buckets[place].full : now, now &+ 1_000_000_000))
        return verdict
    }

    /// Never 0, and without the lowest bit.
    @inline(__always)
    private static func key(_ hash: UInt64) -> UInt64 { (hash | 2) & ~1 }

    /// The place that the sender has, or may have.
    @inline(__always)
    private func place(of key: UInt64) -> Int {
        let first = Int(truncatingIfNeeded: key &>> 8) & mask & ~(Self.ways &- 1)
        if buckets[first].key & ~1 == key { return first }
        var best = first
        for way in (first &+ 1)..<(first &+ Self.ways) {
            if buckets[way].key & ~1 == key { return way }
            if buckets[way].full < buckets[best].full { best = way }
        }
        return best
    }

    /// A limit, made ready for ``take(_:_:now:)``.
    public struct Prepared: Sendable {
        let interval: Int64
        let depth: Int64
        /// What may be used before one more is taken.
        let most: Int64
        let half: Int64

        public init(_ limit: RateLimit) {
            interval = limit.interval
            depth = limit.depth
            most = depth &- interval
            half = depth / 2
        }
    }
}
