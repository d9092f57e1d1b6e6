// SPDX-License-Identifier: Apache-2.0
import Synchronization
import XMPPCore

/// A request that is on its way: it was entered and written when it was posted, its answer is awaited here.
///
/// So whoever posts several requests in turn knows in which order they leave, and may await their answers at once.
public final class PostedRequest: Sendable {
    private struct State {
        var result: Result<Stanza, ClientError>?
        var continuation: CheckedContinuation<Result<Stanza, ClientError>, Never>?
    }

    private let state: Mutex<State>
    private let cancel: @Sendable () -> Void

    /// - Parameter cancel: takes the request back, which concludes it.
    init(cancel: @escaping @Sendable () -> Void) {
        state = Mutex(State())
        self.cancel = cancel
    }

    /// Whether the request could not be sent at all.
    public var isRefused: Bool {
        guard case .failure(let error)? = state.withLock({ $0.result }) else { return false }
        return error.code == .closed || error.code == .overloaded
    }

    /// The result. For one caller.
    ///
    /// - Throws: `stanza` with the error that was answered, `timeout`, `closed`, `cancelled` or `overloaded`.
    public func answer() async throws(ClientError) -> Stanza {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.continuation = continuation }
                    return state.result
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            cancel()
        }
        let answer = try result.get()
        guard answer.type == "error" else { return answer }
        throw .stanza(answer.error ?? StanzaError(.undefinedCondition, ""))
    }

    /// Called once.
    func conclude(_ result: Result<Stanza, ClientError>) {
        let continuation = state.withLock { state in
            state.result = result
            return state.continuation
        }
        continuation?.resume(returning: result)
    }
}
