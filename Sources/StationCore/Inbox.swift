// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel

/// Where requests wait for the core, bounded in bytes. Control has a queue of its own, so that a
/// revocation does not stand behind a million reports.
public final class Inbox: @unchecked Sendable {
    /// Requests that were handed over together, with the bytes that they hold.
    private struct Queue {
        private var items: [(request: CoreRequest, bytes: Int)] = []
        private var first = 0
        private(set) var bytes = 0

        var isEmpty: Bool { first == items.count }

        mutating func append(_ requests: [CoreRequest], bytes: Int) {
            let share = requests.isEmpty ? 0 : bytes / requests.count
            for (index, request) in requests.enumerated() {
                items.append((request, index == 0 ? bytes - share * (requests.count - 1) : share))
            }
            self.bytes += bytes
        }

        /// Takes requests until their weights reach `limit`; always at least one.
        mutating func take(_ limit: Int, into batch: inout [CoreRequest]) {
            var weight = 0
            while first < items.count, weight < limit {
                weight += items[first].request.weight
                bytes -= items[first].bytes
                batch.append(items[first].request)
                first += 1
            }
            if first == items.count {
                items.removeAll(keepingCapacity: first <= 4096)
                first = 0
            } else if first > 4096 {
                items.removeSubrange(..<first)
                first = 0
            }
        }
    }

    // Guarded by `condition`.
    private let condition = NSCondition()
    private var control = Queue()
    private var data = Queue()
    private var closed = false
    private let limits: CoreLimits

    public init(limits: CoreLimits = CoreLimits()) { self.limits = limits }

    /// Reports and the like. False, and nothing taken, when the queue is full.
    public func append(data requests: [CoreRequest], bytes: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !closed, data.bytes + bytes <= limits.inboxBytes else { return false }
        data.append(requests, bytes: bytes)
        condition.signal()
        return true
    }

    /// Everything else. False, and nothing taken, when the queue is full.
    @discardableResult
    public func append(control requests: [CoreRequest], bytes: Int = 0) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !closed, bytes == 0 || control.bytes + bytes <= limits.controlBytes else { return false }
        control.append(requests, bytes: bytes)
        condition.signal()
        return true
    }

    /// What has gathered, control first; waits until there is something, or until `deadline` (a wall clock time).
    /// Nil once closed and empty.
    public func take(until deadline: Date?) -> [CoreRequest]? {
        condition.lock()
        defer { condition.unlock() }
        while control.isEmpty && data.isEmpty {
            if closed { return nil }
            if let deadline {
                if !condition.wait(until: deadline) { return [] }
            } else {
                condition.wait()
            }
        }
        var batch: [CoreRequest] = []
        control.take(limits.batchControl, into: &batch)
        data.take(limits.batchRequests, into: &batch)
        return batch
    }

    /// Takes nothing more; what is there is still handed out.
    public func close() {
        condition.lock()
        closed = true
        condition.broadcast()
        condition.unlock()
    }
}
