// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationModel

/// Where requests wait for the core, bounded in bytes. Control has a queue of its own, so that a
/// revocation does not stand behind a million reports.
public final class Inbox: @unchecked Sendable {
    // Guarded by `condition`.
    private let condition = NSCondition()
    private var control: [CoreRequest] = []
    private var data: [CoreRequest] = []
    private var controlBytes = 0
    private var dataBytes = 0
    private var closed = false
    private let limits: CoreLimits

    public init(limits: CoreLimits = CoreLimits()) { self.limits = limits }

    /// Reports and the like. False, and nothing taken, when the queue is full.
    public func append(data requests: [CoreRequest], bytes: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !closed, dataBytes + bytes <= limits.inboxBytes else { return false }
        data.append(contentsOf: requests)
        dataBytes += bytes
        condition.signal()
        return true
    }

    /// Everything else. False, and nothing taken, when the queue is full.
    @discardableResult
    public func append(control requests: [CoreRequest], bytes: Int = 0) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !closed, bytes == 0 || controlBytes + bytes <= limits.controlBytes else { return false }
        control.append(contentsOf: requests)
        controlBytes += bytes
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
        let controlShare = min(control.count, limits.batchControl)
        if controlShare == control.count {
            swap(&batch, &control)
            controlBytes = 0
        } else {
            batch.append(contentsOf: control[..<controlShare])
            control.removeSubrange(..<controlShare)
        }
        if batch.isEmpty && data.count <= limits.batchRequests {
            swap(&batch, &data)
            dataBytes = 0
        } else {
            let share = min(data.count, limits.batchRequests)
            batch.append(contentsOf: data[..<share])
            data.removeSubrange(..<share)
            if data.isEmpty { dataBytes = 0 }
        }
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
