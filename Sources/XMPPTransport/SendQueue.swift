// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// What waits to be written to a connection: bytes of whole stanzas, gathered until the event loop comes to write.
///
/// Three rules make the link fast and free of stalls:
/// - whatever gathered is one write (of a mebibyte at most, so that memory is used again while it is in the cache), and
///   at most one wake-up of the event loop is under way;
/// - gathered and unwritten bytes together stay under a limit, beyond which ``append(_:)`` refuses;
/// - a write with nothing behind it ends in white space, as much as ``TagPadding`` says, so that nothing stays in the
///   server's parser.
///
/// A value without socket, lock or clock; ``StreamSender`` performs it.
public struct SendQueue: Sendable {
    /// What became of an ``append(_:)``.
    public enum Outcome: Hashable, Sendable {
        /// Refused: over the limit, or the queue is closed.
        case refused
        /// Taken; a wake-up or a write that will find it is under way already.
        case taken
        /// Taken; the caller has to wake the event loop.
        case wakeUp
    }

    /// Limit of gathered and unwritten bytes together.
    public let limit: Int
    /// Whether white space may end a write. Not while a stream is negotiated, where TLS may follow.
    public var isPadded: Bool
    /// A buffer that holds this many bytes is full. One chunk that is larger gets a buffer of its own.
    public static let blockBytes = 1 << 20
    /// How many written buffers are kept to be filled again.
    private static let keptBlocks = 8

    /// Buffers that are full, the oldest at `firstFull`.
    private var full: [ByteBuffer] = []
    private var firstFull = 0
    private var fullBytes = 0
    /// What is being filled.
    private var gathered = ByteBuffer()
    /// What is being written.
    private var written = ByteBuffer()
    /// Written, to be filled again.
    private var spare: [ByteBuffer] = []
    private var writing = 0
    private var wakeUpIsPending = false
    private var isClosed = false
    private var padding = TagPadding()
    /// Bytes that ``next()`` has returned so far.
    public private(set) var fetched = 0

    /// - Parameters:
    ///   - limit: in bytes, at least 1.
    ///   - isPadded: see ``isPadded``.
    public init(limit: Int, isPadded: Bool = false) {
        self.limit = max(1, limit)
        self.isPadded = isPadded
    }

    /// Bytes gathered and being written.
    public var count: Int { waiting &+ writing }
    private var waiting: Int { fullBytes &+ gathered.readableBytes }
    /// Nothing is gathered and nothing is being written.
    public var isEmpty: Bool { count == 0 }

    /// Adds bytes, all or none.
    public mutating func append(_ bytes: [UInt8]) -> Outcome {
        guard !isClosed, bytes.count <= limit, count <= limit &- bytes.count else { return .refused }
        if bytes.isEmpty { return .taken }
        if gathered.readableBytes > 0, gathered.readableBytes &+ bytes.count > Self.blockBytes { closeBlock() }
        gathered.writeBytes(bytes)
        if wakeUpIsPending || writing > 0 { return .taken }
        wakeUpIsPending = true
        return .wakeUp
    }

    private mutating func closeBlock() {
        full.append(gathered)
        fullBytes &+= gathered.readableBytes
        gathered = spare.popLast() ?? ByteBuffer()
        gathered.clear(minimumCapacity: Self.blockBytes)
    }

    /// The oldest full buffer, or else what has gathered so far.
    private mutating func oldest() -> ByteBuffer {
        guard firstFull < full.count else {
            let out = gathered
            gathered = spare.popLast() ?? ByteBuffer()
            gathered.clear()
            return out
        }
        let out = full[firstFull]
        full[firstFull] = ByteBuffer()
        firstFull &+= 1
        fullBytes &-= out.readableBytes
        if firstFull == full.count {
            full.removeAll(keepingCapacity: full.count <= 1024)
            firstFull = 0
        } else if firstFull >= 1024 {
            full.removeFirst(firstFull)
            firstFull = 0
        }
        return out
    }

    /// The next thing to write, if nothing is being written. Call ``wrote()`` when that has ended.
    public mutating func next() -> ByteBuffer? {
        wakeUpIsPending = false
        guard writing == 0, waiting > 0 else { return nil }
        written = oldest()
        if isPadded {
            written.withUnsafeReadableBytes { padding.wrote($0) }
            if waiting == 0, !isClosed { written.writeRepeatingByte(UInt8(ascii: " "), count: padding.take()) }
        }
        writing = written.readableBytes
        fetched &+= writing
        return written
    }

    /// The write of what ``next()`` returned has ended. Returns whether there is more, which the caller then
    /// has to fetch with ``next()``, soon.
    public mutating func wrote() -> Bool {
        // `blockBytes` of room may have been rounded up to twice as many.
        if spare.count < Self.keptBlocks, written.capacity <= 2 * Self.blockBytes { spare.append(written) }
        written = ByteBuffer()
        writing = 0
        wakeUpIsPending = waiting > 0
        return wakeUpIsPending
    }

    /// The connection failed: forgets everything, takes nothing more.
    public mutating func fail() {
        isClosed = true
        writing = 0
        full = []
        firstFull = 0
        fullBytes = 0
        gathered = ByteBuffer()
        written = ByteBuffer()
        spare = []
    }

    /// Takes nothing more; what has gathered is still to be written.
    public mutating func close() { isClosed = true }
}
