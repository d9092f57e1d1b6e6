// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// "Something has changed, look again": many raises before a look count as one. For one looker at a time.
///
/// Not an AsyncStream: that ends for good when a task that waits on it is cancelled, and every timed wait here cancels.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Something has changed.
    func raise() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isRaised = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for a raise, or for so long, or until the task is cancelled.
    func wait(for duration: Duration?) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.park() }
            if let duration { tasks.addTask { try? await Task.sleep(for: max(.zero, duration)) } }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private func park() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.isRaised || Task.isCancelled {
                        state.isRaised = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
