// SPDX-License-Identifier: Apache-2.0
import StationJSON
import XMPPCore

/// Where requests wait for the core, bounded in bytes. Commands of the operator come first and control has a queue of its
/// own, so that a revocation stands behind neither a million reports nor a flood of presence.
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

        /// Takes requests until their weights reach `limit`; one may be heavier than it.
        mutating func take(_ limit: Int, into batch: inout [CoreRequest]) {
            var weight = 0
            while first < items.count, weight < limit {
                weight += items[first].request.weight
                bytes -= items[first].bytes
                // The place is used again only when the queue runs empty; what was taken must not live so long.
                var taken = CoreRequest.wake
                swap(&taken, &items[first].request)
                batch.append(taken)
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
    private let condition = MonotonicCondition()
    private var commands = Queue()
    private var control = Queue()
    private var data = Queue()
    /// Senders of refused reports, once each.
    private var shed: Set<JID> = []
    private var hasShedTooMany = false
    private var hasLostPresence = false
    private var closed = false
    private let limits: CoreLimits

    public init(limits: CoreLimits = CoreLimits()) { self.limits = limits }

    /// Bytes that wait, for whoever watches over memory.
    public var waitingBytes: Int {
        condition.withLock { commands.bytes + control.bytes + data.bytes }
    }

    /// Reports and the like. False, and nothing taken, when the queue is full.
    public func append(data requests: [CoreRequest], bytes: Int) -> Bool {
        condition.withLock {
            guard !closed, data.bytes + bytes <= limits.inboxBytes else { return false }
            data.append(requests, bytes: bytes)
            condition.signal()
            return true
        }
    }

    /// Everything else. False, and nothing taken, when the queue is full.
    @discardableResult
    public func append(control requests: [CoreRequest], bytes: Int = 0) -> Bool {
        condition.withLock {
            guard !closed, bytes == 0 || control.bytes + bytes <= limits.controlBytes else { return false }
            control.append(requests, bytes: bytes)
            condition.signal()
            return true
        }
    }

    /// A command of the operator. Refused at once, with an answer, when too many wait.
    public func append(
        command name: String, _ arguments: JSONDocument,
        reply: @escaping @Sendable (Result<JSON, CommandError>) -> Void
    ) {
        let bytes = arguments.withBytes { $0.count } + Self.commandBytes
        let isTaken = condition.withLock {
            guard !closed, commands.bytes + bytes <= limits.commandBytes else { return false }
            commands.append([.command(name: name, arguments: arguments, reply: reply)], bytes: bytes)
            condition.signal()
            return true
        }
        if !isTaken { reply(.failure(CommandError("resource-constraint", "too many commands wait; try again later"))) }
    }

    /// What a command is reckoned at beside its arguments.
    private static let commandBytes = 1024

    /// Reports of these senders were refused. The core hears of it before it sees anything that comes later.
    public func shed(_ senders: some Sequence<JID>) {
        condition.withLock {
            guard !closed else { return }
            for sender in senders where !hasShedTooMany {
                shed.insert(sender.bare)
                if shed.count > limits.shedSenders {
                    hasShedTooMany = true
                    shed.removeAll()
                }
            }
            condition.signal()
        }
    }

    /// Presence was refused. Nobody sends it again, so the core hears of it with what comes next.
    public func presenceLost() { condition.withLock { hasLostPresence = true } }

    /// What has gathered: first who was refused, then commands, control, reports; waits until there is something, but not
    /// longer than told. Nil once closed and empty.
    ///
    /// - Parameters:
    ///   - wait: nil for as long as it takes.
    ///   - putOff: how many requests the core still has of the last batch; so many fewer are taken.
    public func take(within wait: Duration?, putOff: (commands: Int, control: Int) = (0, 0)) -> [CoreRequest]? {
        // A moment, since the condition may be signalled for nothing.
        let end = wait.map { MonotonicMoment(after: $0) }
        return condition.withLock {
            while commands.isEmpty && control.isEmpty && data.isEmpty && shed.isEmpty && !hasShedTooMany {
                if closed { return putOff == (0, 0) ? nil : [] }
                if !condition.wait(until: end) { return [] }
            }
            var batch: [CoreRequest] = []
            takeShed(into: &batch)
            commands.take(limits.batchControl - putOff.commands, into: &batch)
            control.take(limits.batchControl - putOff.control, into: &batch)
            data.take(limits.batchRequests, into: &batch)
            if hasLostPresence { batch.append(.presenceLost) }
            hasLostPresence = false
            return batch
        }
    }

    private func takeShed(into batch: inout [CoreRequest]) {
        guard hasShedTooMany || !shed.isEmpty else { return }
        batch.append(.shed(hasShedTooMany ? nil : Array(shed)))
        hasShedTooMany = false
        shed.removeAll(keepingCapacity: true)
    }

    /// Takes nothing more; what is there is still handed out.
    public func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }
}
