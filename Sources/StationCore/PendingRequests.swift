// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// IQ requests of ours that wait for their answers, in memory only. A bounded number: beyond it, the one that would be given
/// up first is given up at once.
struct PendingRequests {
    struct Request {
        let to: JID?
        /// Called once: with the answer, or with nil when there will be none.
        let answer: (Stanza?, CoreContext) throws -> Void
    }

    private var waiting: [String: Request] = [:]
    /// Ids by the time at which they are given up; those that were answered meanwhile are among them.
    private var due = DueQueue<String>()
    /// Given up for want of room, and not told so yet.
    private var displaced: [Request] = []
    private let limit: Int

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { waiting.count }

    /// When something is to be given up next; it may turn out that it was answered.
    var nextDue: Int64? { displaced.isEmpty ? due.firstDue : .min }

    mutating func insert(_ request: Request, id: String, due time: Int64) {
        while waiting.count >= limit, let first = due.pop() {
            if let oldest = waiting.removeValue(forKey: first) { displaced.append(oldest) }
        }
        waiting[id] = request
        due.insert(id, due: time)
        guard due.count > 2 * waiting.count + 1024 else { return }
        due.keep { waiting[$0] != nil }
    }

    /// The request that this answers: matched on the 128-bit random id and the full JID.
    mutating func take(id: String, from sender: JID?) -> Request? {
        guard let request = waiting[id], request.to == sender else { return nil }
        waiting.removeValue(forKey: id)
        return request
    }

    /// One that is to be given up by now.
    mutating func takeGivenUp(at now: Int64) -> Request? {
        if let first = displaced.popLast() { return first }
        while let id = due.pop(dueBy: now) {
            if let request = waiting.removeValue(forKey: id) { return request }
        }
        return nil
    }
}
