// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// What waits to be written to a connection: bytes of whole stanzas, gathered until the event loop comes to write.
///
/// Three rules make the link fast and free of stalls:
/// - whatever gathered is one write, and at most one wake-up of the event loop is under way;
/// - gathered and unwritten bytes together stay under a limit, beyond which ``append(_:)`` refuses;
/// - after a write that the socket took in pieces, and nothing more to send, white space follows. A server whose expat
///   defers reparsing (Prosody, ejabberd) leaves a stanza undelivered that arrived cut inside a tag, until twice the
///   bytes of the piece are there. So the spaces are as many as the longest tag near the end of the write has bytes;
///   a fixed 64 were seen not to free tags of 120 bytes.
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
    /// The fewest spaces that follow a split write; 0 for none.
    public var padding: Int
    /// Buffers larger than this are not kept for later.
    private static let keptCapacity = 4 << 20
    /// How far before the end of a write its longest tag is looked for; the longest tag that peers of ours accept.
    private static let longestTag = 65_536

    private var gathered = ByteBuffer()
    private var recycled = ByteBuffer()
    private var writing = 0
    private var wakeUpIsPending = false
    private var isClosed = false
    private var owedPadding = 0
    private var isWritingPadding = false

    /// - Parameters:
    ///   - limit: in bytes, at least 1.
    ///   - padding: in bytes; 0 switches padding off.
    public init(limit: Int, padding: Int = 64) {
        self.limit = max(1, limit)
        self.padding = max(0, padding)
    }

    /// Bytes gathered and being written.
    public var count: Int { gathered.readableBytes &+ writing }
    /// Nothing is gathered and nothing is being written.
    public var isEmpty: Bool { count == 0 }

    /// Adds bytes, all or none.
    public mutating func append(_ bytes: [UInt8]) -> Outcome {
        guard !isClosed, bytes.count <= limit, count <= limit &- bytes.count else { return .refused }
        if bytes.isEmpty { return .taken }
        gathered.writeBytes(bytes)
        if wakeUpIsPending || writing > 0 { return .taken }
        wakeUpIsPending = true
        return .wakeUp
    }

    /// The next thing to write, if nothing is being written. Tell how it ended with ``wrote(split:)``.
    public mutating func next() -> ByteBuffer? {
        wakeUpIsPending = false
        guard writing == 0 else { return nil }
        if gathered.readableBytes == 0 {
            guard owedPadding > 0, !isClosed else { return nil }
            isWritingPadding = true
            writing = owedPadding
            owedPadding = 0
            return ByteBuffer(repeating: UInt8(ascii: " "), count: writing)
        }
        let out = gathered
        gathered = recycled.capacity > Self.keptCapacity ? ByteBuffer() : recycled
        gathered.clear(minimumCapacity: min(out.readableBytes, Self.keptCapacity))
        recycled = out
        owedPadding = 0
        writing = out.readableBytes
        return out
    }

    /// The write of what ``next()`` returned has ended. Returns whether there is more, which the caller then
    /// has to fetch with ``next()``, soon.
    ///
    /// - Parameter split: the socket did not take it all at once.
    public mutating func wrote(split: Bool) -> Bool {
        if split, !isWritingPadding, padding > 0, !isClosed {
            owedPadding = max(padding, Self.longestTag(near: recycled))
        }
        isWritingPadding = false
        writing = 0
        if recycled.capacity > Self.keptCapacity { recycled = ByteBuffer() }
        wakeUpIsPending = owedPadding > 0 || gathered.readableBytes > 0
        return wakeUpIsPending
    }

    /// The connection failed: forgets everything, takes nothing more.
    public mutating func fail() {
        isClosed = true
        owedPadding = 0
        writing = 0
        gathered = ByteBuffer()
        recycled = ByteBuffer()
    }

    /// Takes nothing more; what has gathered is still to be written.
    public mutating func close() { isClosed = true }

    /// Bytes of the longest tag near the end of what was written.
    private static func longestTag(near written: ByteBuffer) -> Int {
        var longest = 0
        var start: Int?
        for (index, byte) in written.readableBytesView.suffix(longestTag).enumerated() {
            if byte == UInt8(ascii: "<") {
                start = index
            } else if byte == UInt8(ascii: ">"), let from = start {
                longest = max(longest, index &- from &+ 1)
                start = nil
            }
        }
        return longest
    }
}
