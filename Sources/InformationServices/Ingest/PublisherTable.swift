// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// A station in memory.
struct Publisher {
    /// What is known of its presence; asked for anew after each start.
    enum Presence { case unknown, online, offline }

    var record: PublisherRecord
    var presence = Presence.unknown
    /// When a report of it was last refused for overload, or may have been lost with the link; nil once that is
    /// made good.
    var refusedAt: Timestamp?
    /// Whether its progress has to be written.
    var isDirty = false

    /// The number that its next report should have.
    var nextSequence: Int64 { record.lastSequence &+ 1 }
}

/// All stations in memory: by number, by bare JID, by serial.
struct PublisherTable {
    /// At index `number - 1`; nil where the store has no row.
    private var rows: [Publisher?] = []
    private var byJID: [JID: Int64] = [:]
    private var bySerial: [Serial: Int64] = [:]
    /// Numbers whose progress has to be written, each once.
    private var dirty: [Int64] = []
    private var sorted: [Int64]?

    var nextNumber: Int64 { Int64(rows.count) &+ 1 }
    var count: Int { bySerial.count }

    subscript(number: Int64) -> Publisher? {
        guard number > 0, number <= Int64(rows.count) else { return nil }
        return rows[Int(number &- 1)]
    }

    /// The number of the station that reports from this bare JID.
    func number(of jid: JID) -> Int64? { byJID[jid] }
    func number(of serial: Serial) -> Int64? { bySerial[serial] }
    func publisher(_ serial: Serial) -> Publisher? { bySerial[serial].flatMap { self[$0] } }

    /// Adds a station, or puts a changed row in the place of the old one; the serial of a number never changes.
    mutating func put(_ record: PublisherRecord) {
        guard record.number > 0, record.number <= 1 << 32 else { return }
        let index = Int(record.number &- 1)
        while rows.count <= index { rows.append(nil) }
        if let old = rows[index] {
            byJID.removeValue(forKey: old.record.jid)
            rows[index]?.record = record
        } else {
            rows[index] = Publisher(record: record)
            if let numbers = sorted {
                let place = place(of: record.serial, in: numbers)
                sorted?.insert(record.number, at: place)
            }
        }
        byJID[record.jid] = record.number
        bySerial[record.serial] = record.number
    }

    mutating func change(_ number: Int64, _ body: (inout Publisher) -> Void) {
        guard number > 0, number <= Int64(rows.count), var row = rows[Int(number &- 1)] else { return }
        body(&row)
        rows[Int(number &- 1)] = row
    }

    /// The link is down: nobody's presence is known.
    mutating func forgetPresence() {
        for index in rows.indices { rows[index]?.presence = .unknown }
    }

    /// The link is up (again): what was on its way may be lost, so a station that has reported goes on where
    /// it was, without a leap, or says that it cannot.
    mutating func expectOrder(at now: Timestamp) {
        for index in rows.indices where (rows[index]?.record.lastSequence ?? 0) > 0 { rows[index]?.refusedAt = now }
    }

    /// A report of the station was stored.
    mutating func stored(_ number: Int64, sequence: Int64, position: Int64, at now: Timestamp) {
        var isNew = false
        change(number) {
            if sequence >= $0.record.lastSequence {
                $0.record.lastSequence = sequence
                $0.record.lastPosition = position
            }
            $0.record.lastReport = now
            isNew = !$0.isDirty
            $0.isDirty = true
        }
        if isNew { dirty.append(number) }
    }

    /// The first stations whose progress has to be written.
    func unwritten(_ limit: Int) -> [Publisher] { dirty.prefix(limit).compactMap { self[$0] } }

    /// The first `count` of them are written.
    mutating func markWritten(_ count: Int) {
        for number in dirty.prefix(count) {
            change(number) { $0.isDirty = false }
        }
        dirty.removeFirst(min(count, dirty.count))
    }

    /// How many stations' progress has to be written.
    var unwrittenCount: Int { dirty.count }

    /// The numbers of all stations in the order of their folded serials.
    mutating func inOrder() -> [Int64] {
        if let sorted { return sorted }
        let numbers = bySerial.sorted { $0.key < $1.key }.map(\.value)
        sorted = numbers
        return numbers
    }

    /// The index of a station in a list that is in that order, or where it would have to be put in.
    func place(of serial: Serial, in numbers: [Int64]) -> Int {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = low + (high - low) / 2
            if let other = self[numbers[middle]]?.record.serial, other < serial {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
