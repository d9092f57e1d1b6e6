// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What has arrived and has not been taken. Asking for the next one says that the one before is done with: that, and
/// not the arrival, is what an acknowledgement is about.
final class DeliveryQueue: Sendable {
    private struct State {
        var waiting: [Delivery] = []
        var head = 0
        var taker: CheckedContinuation<Delivery?, Never>?
        var inHand: Delivery?
        var done: Delivery?
        var overrun = 0
        var isFinished = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let becameDone: @Sendable () -> Void

    /// - Parameter becameDone: called when something can be acknowledged.
    init(limit: Int, becameDone: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.becameDone = becameDone
    }

    /// Adds a delivery; beyond the limit the oldest goes, and is counted.
    func add(_ delivery: Delivery) {
        let taker = state.withLock { state -> CheckedContinuation<Delivery?, Never>? in
            if let taker = state.taker {
                state.taker = nil
                state.inHand = delivery
                return taker
            }
            state.waiting.append(delivery)
            if state.waiting.count - state.head > limit {
                state.head += 1
                state.overrun += 1
            }
            return nil
        }
        taker?.resume(returning: delivery)
    }

    /// The next delivery; nil when the queue is finished or the task is cancelled.
    func next() async -> Delivery? {
        let becameDone = state.withLock { state in
            guard let inHand = state.inHand else { return false }
            state.done = inHand
            state.inHand = nil
            return true
        }
        if becameDone { self.becameDone() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: Delivery?? = state.withLock { state in
                    if state.isFinished || Task.isCancelled { return .some(nil) }
                    guard state.head < state.waiting.count else {
                        state.taker = continuation
                        return nil
                    }
                    let delivery = state.waiting[state.head]
                    state.head += 1
                    if state.head > 256, state.head * 2 > state.waiting.count {
                        state.waiting.removeFirst(state.head)
                        state.head = 0
                    }
                    state.inHand = delivery
                    return delivery
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            wakeEmpty()
        }
    }

    /// What was waiting will come again from the cursor.
    func clear() {
        state.withLock { state in
            state.waiting.removeAll()
            state.head = 0
        }
    }

    /// The last delivery that is done with.
    var done: Delivery? { state.withLock { $0.done } }
    /// Deliveries that nobody took in time.
    var overrun: Int { state.withLock { $0.overrun } }

    /// No more will come.
    func finish() {
        state.withLock { $0.isFinished = true }
        wakeEmpty()
    }

    private func wakeEmpty() {
        let taker = state.withLock { state in
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: nil)
    }
}
