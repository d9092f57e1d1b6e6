// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// Who has which station in the roster, in memory.
struct ContactTable {
    private var byPublisher: [Int64: [JID]] = [:]
    private var byConsumer: [JID: Set<Int64>] = [:]

    var isEmpty: Bool { byPublisher.isEmpty }

    /// Bare JIDs, in the order in which they were added.
    func contacts(of publisher: Int64) -> [JID] { byPublisher[publisher] ?? [] }
    func publishers(of consumer: JID) -> [Int64] { (byConsumer[consumer] ?? []).sorted() }
    func has(_ contact: ContactRecord) -> Bool { byConsumer[contact.consumer]?.contains(contact.publisher) ?? false }
    /// All stations that somebody has in the roster, by number.
    var publishers: [Int64] { byPublisher.keys.sorted() }

    mutating func add(_ contact: ContactRecord) {
        guard byConsumer[contact.consumer, default: []].insert(contact.publisher).inserted else { return }
        byPublisher[contact.publisher, default: []].append(contact.consumer)
    }

    mutating func remove(_ contact: ContactRecord) {
        guard byConsumer[contact.consumer]?.remove(contact.publisher) != nil else { return }
        if byConsumer[contact.consumer]?.isEmpty == true { byConsumer.removeValue(forKey: contact.consumer) }
        byPublisher[contact.publisher]?.removeAll { $0 == contact.consumer }
        if byPublisher[contact.publisher]?.isEmpty == true { byPublisher.removeValue(forKey: contact.publisher) }
    }
}
