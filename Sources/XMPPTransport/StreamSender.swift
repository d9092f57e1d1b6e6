// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Writes to one connection from any thread: performs a ``SendQueue``.
///
/// One lock, one copy of the bytes, at most one wake-up of the event loop for however many calls of ``send(_:)``.
public final class StreamSender: Sendable {
    /// In what form everything goes out.
    public let framing: StreamFraming
    private let queue: Mutex<SendQueue>
    private let channel: any Channel
    private let progress: NIOLoopBound<Progress>

    /// State of the write under way; used on the event loop only.
    private final class Progress {
        var isInsideWrite = false
        var whenEmpty: [() -> Void] = []
    }

    /// To be called on the event loop of the channel.
    public init(channel: any Channel, queue: SendQueue, framing: StreamFraming = .xml) {
        self.framing = framing
        self.channel = channel
        self.queue = Mutex(queue)
        self.progress = NIOLoopBound(Progress(), eventLoop: channel.eventLoop)
    }

    /// Sends bytes of whole stanzas. Returns false if the queue is full or closed; then nothing of them is sent.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        write(framing == .xml ? bytes : JSONStreamWriter.objects(bytes))
    }

    /// Sends a tag of the stream itself; see ``StreamOpening``.
    @discardableResult
    public func send(tag: String) -> Bool { write(framed(tag)) }

    private func framed(_ tag: String) -> [UInt8] {
        if framing == .xml { return Array(tag.utf8) }
        return JSONStreamWriter.object(
            tag.hasPrefix("<?") ? tag.utf8.drop { $0 != UInt8(ascii: ">") }.dropFirst() : tag.utf8[...])
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        switch queue.withLock({ $0.append(bytes) }) {
        case .refused: return false
        case .taken: return true
        case .wakeUp:
            channel.eventLoop.execute { self.pump() }
            return true
        }
    }

    /// From now on white space follows what is sent where it has to; see ``SendQueue``. A peer that reads JSON has
    /// each stanza whole before it looks at the XML.
    public func pad() { queue.withLock { $0.isPadded = framing == .xml } }

    /// Bytes that are not yet in the socket.
    public var pendingBytes: Int { queue.withLock { $0.count } }

    /// How far the writing has come, which changes whenever the socket takes bytes; nil if none wait. See ``WriteWatch``.
    /// To be called on the event loop.
    public var position: Int? {
        let (isEmpty, fetched) = queue.withLock { ($0.isEmpty, $0.fetched) }
        if isEmpty { return nil }
        let buffered = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return fetched &- (buffered ?? 0)
    }

    /// Sends the end tag of the stream, takes no more, and calls back on the event loop when all is written.
    /// To be called on the event loop.
    public func finish(then done: @escaping () -> Void) {
        let farewell = framed(StreamOpening.end)
        queue.withLock {
            _ = $0.append(farewell)
            $0.close()
        }
        progress.value.whenEmpty.append(done)
        pump()
    }

    /// Takes no more and forgets what was not written: the connection is gone. From any thread.
    public func close() { queue.withLock { $0.fail() } }

    /// Writes what has gathered, once; goes on by itself while the socket is full.
    private func pump() {
        let progress = progress.value
        guard !progress.isInsideWrite else { return }
        if let buffer = queue.withLock({ $0.next() }) {
            progress.isInsideWrite = true
            channel.writeAndFlush(buffer).assumeIsolated().whenComplete { result in
                self.ended(result, progress)
            }
            progress.isInsideWrite = false
        }
        reportEmpty(progress)
    }

    /// A write has ended: at once (inside ``pump()``), or later because the socket took it in pieces.
    private func ended(_ result: Result<Void, any Error>, _ progress: Progress) {
        guard case .success = result else {
            close()
            return reportEmpty(progress)
        }
        guard queue.withLock({ $0.wrote() }) else { return reportEmpty(progress) }
        if progress.isInsideWrite {
            channel.eventLoop.execute { self.pump() }  // reads come first
        } else {
            pump()
        }
    }

    private func reportEmpty(_ progress: Progress) {
        guard !progress.whenEmpty.isEmpty, queue.withLock({ $0.isEmpty }) else { return }
        let waiting = progress.whenEmpty
        progress.whenEmpty = []
        for done in waiting { done() }
    }
}
