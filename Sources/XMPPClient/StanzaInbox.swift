// SPDX-License-Identifier: Apache-2.0
import Synchronization
import XMPPCore

/// The stanzas that wait for their taker. Bounded; knows whether a taker is there, which `AsyncStream` alone does not
/// tell when its loop is left.
final class StanzaInbox: Sendable {
    /// What became of a stanza.
    enum Outcome: Hashable, Sendable {
        case taken
        /// The taker went away; nobody will answer this.
        case nobodyThere
        /// Too many wait.
        case full
    }

    private enum Takers {
        case notYet
        case here(Int)
        case gone
    }

    private struct State {
        var waiting: [(stanza: Stanza, bytes: Int)] = []
        /// Of all that wait.
        var bytes = 0
        /// Where `waiting` begins; what is before has been taken.
        var start = 0
        var takers = Takers.notYet
        var hungry: [UInt64: CheckedContinuation<Stanza?, Never>] = [:]
        var numbers: UInt64 = 0
        var isFinished = false

        var count: Int { waiting.count - start }

        mutating func pop() -> Stanza? {
            guard start < waiting.count else { return nil }
            let first = waiting[start]
            start += 1
            bytes -= first.bytes
            if start == waiting.count {
                waiting.removeAll(keepingCapacity: start <= 256)
                start = 0
            } else if start >= 256 {
                waiting.removeFirst(start)
                start = 0
            }
            return first.stanza
        }
    }

    /// Held by a stream and its iterators; goes with the last of them.
    private final class Taker: Sendable {
        let inbox: StanzaInbox
        init(_ inbox: StanzaInbox) { self.inbox = inbox }
        deinit { inbox.left() }
    }

    private let limit: Int
    private let byteLimit: Int
    private let refuse: @Sendable (Stanza) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: the most stanzas that may wait.
    ///   - bytes: the most bytes that may wait.
    ///   - refuse: answers a request that no taker will answer.
    init(limit: Int, bytes: Int = .max, refuse: @escaping @Sendable (Stanza) -> Void) {
        self.limit = max(1, limit)
        byteLimit = max(0, bytes)
        self.refuse = refuse
    }

    /// A stream for one taker.
    func stream() -> AsyncStream<Stanza> {
        state.withLock { state in
            if case .here(let number) = state.takers {
                state.takers = .here(number + 1)
            } else {
                state.takers = .here(1)
            }
        }
        let taker = Taker(self)
        return AsyncStream { await taker.inbox.next() }
    }

    /// Hands a stanza to the taker, now or when it comes for it.
    ///
    /// - Parameter bytes: what it took on the wire.
    func put(_ stanza: Stanza, bytes: Int = 0) -> Outcome {
        let (outcome, hungry) = state.withLock { state -> (Outcome, CheckedContinuation<Stanza?, Never>?) in
            if let (number, continuation) = state.hungry.first {
                state.hungry[number] = nil
                return (.taken, continuation)
            }
            if case .gone = state.takers, stanza.request != nil { return (.nobodyThere, nil) }
            guard state.count < limit, bytes <= byteLimit - state.bytes else { return (.full, nil) }
            state.waiting.append((stanza, bytes))
            state.bytes += bytes
            return (.taken, nil)
        }
        hungry?.resume(returning: stanza)
        return outcome
    }

    /// Nothing more comes; what waits can still be taken.
    func finish() {
        let hungry = state.withLock { state in
            state.isFinished = true
            defer { state.hungry = [:] }
            return state.hungry.values.map(\.self)
        }
        for continuation in hungry { continuation.resume(returning: nil) }
    }

    private func next() async -> Stanza? {
        let number = state.withLock { state in
            state.numbers &+= 1
            return state.numbers
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isNow, stanza) = state.withLock { state -> (Bool, Stanza?) in
                    if let stanza = state.pop() { return (true, stanza) }
                    if state.isFinished || Task.isCancelled { return (true, nil) }
                    state.hungry[number] = continuation
                    return (false, nil)
                }
                if isNow { continuation.resume(returning: stanza) }
            }
        } onCancel: {
            state.withLock { $0.hungry.removeValue(forKey: number) }?.resume(returning: nil)
        }
    }

    private func left() {
        let unanswered = state.withLock { state -> [Stanza] in
            if case .here(let number) = state.takers, number > 1 {
                state.takers = .here(number - 1)
                return []
            }
            state.takers = .gone
            let waiting = state.waiting[state.start...]
            let unanswered = waiting.map(\.stanza).filter { $0.request != nil }
            state.waiting = waiting.filter { $0.stanza.request == nil }
            state.bytes = state.waiting.reduce(0) { $0 + $1.bytes }
            state.start = 0
            return unanswered
        }
        for stanza in unanswered { refuse(stanza) }
    }
}
