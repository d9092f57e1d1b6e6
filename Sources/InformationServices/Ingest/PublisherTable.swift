// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// A station in memory, put together from the columns for whoever wants to see all of it.
struct Publisher {
    /// What is known of its presence; asked for anew after each start.
    enum Presence: UInt8 { case unknown, online, offline }

    var record: PublisherRecord
    var presence = Presence.unknown
    /// When a report of it was last refused for overload, or may have been lost with the link; nil once that is
    /// made good.
    var refusedAt: Timestamp?
    /// Whether its first report came since progress was written last.
    var isNew = false

    /// The number that its next report should have.
    var nextSequence: Int64 { record.lastSequence &+ 1 }
}

/// All stations in memory. Names and addresses are in the directory that the domains share; here is how far each has
/// come, in 16 bytes.
struct PublisherTable {
    /// At index `number - 1`, which is the number in the directory.
    private var rows: [Row] = []
    let directory: StationDirectory
    /// Sequences that do not fit a row.
    private var longSequences: [Int: Int64] = [:]
    /// How many rows there are.
    private(set) var count = 0
    /// Numbers whose progress has to be written, each once.
    private var dirty: [Int64] = []
    /// How many of them are written already.
    private var firstDirty = 0
    private var sorted: [Int64]?
    /// When a station was refused, where that differs from the time of all.
    private var refusals: [Int64: Timestamp] = [:]
    /// When the link came up: from then on all stations owe order.
    private var orderExpectedAt: Timestamp?

    init(directory: StationDirectory) { self.directory = directory }

    /// Makes room for a table that is being loaded.
    mutating func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        directory.reserve(count)
    }

    subscript(number: Int64) -> Publisher? {
        guard let row = row(number), let serial = directory.serial(Int(number &- 1)),
            let jid = directory.jid(Int(number &- 1))
        else { return nil }
        return Publisher(
            record: PublisherRecord(
                number: number, serial: serial, jid: jid, state: row.publisherState, lastSequence: lastSequence(Int(number &- 1)),
                lastPosition: row.lastPosition, lastReport: row.lastReport),
            presence: row.presence, refusedAt: row.owes ? refusals[number] ?? orderExpectedAt : nil, isNew: row.isNew)
    }

    /// The serial alone.
    func serial(_ number: Int64) -> Serial? { row(number) == nil ? nil : directory.serial(Int(number &- 1)) }

    /// Whether reports of it are taken.
    func isActive(_ number: Int64) -> Bool { row(number)?.isActive == true }

    private func row(_ number: Int64) -> Row? {
        guard number > 0, number <= Int64(rows.count), rows[Int(number &- 1)].exists else { return nil }
        return rows[Int(number &- 1)]
    }

    /// The number of the station that reports from this bare JID.
    func number(of jid: JID) -> Int64? { known(directory.number(of: jid)) }
    func number(of serial: Serial) -> Int64? { known(directory.number(of: serial)) }
    func publisher(_ serial: Serial) -> Publisher? { number(of: serial).flatMap { self[$0] } }

    private func known(_ place: Int?) -> Int64? {
        guard let place, rows.indices.contains(place), rows[place].exists else { return nil }
        return Int64(place) &+ 1
    }

    /// The number for a station that is new here.
    func numberForNew(_ serial: Serial, _ jid: JID) -> Int64? {
        directory.put(serial, jid).map { Int64($0) &+ 1 }
    }

    /// Adds a station, or puts a changed row in the place of the old one; the serial of a number never changes.
    mutating func put(_ record: PublisherRecord) {
        guard record.number > 0, record.number <= 1 << 32, let place = Int(exactly: record.number &- 1),
            directory.put(record.serial, record.jid, at: place) != nil
        else { return }
        while rows.count <= place { rows.append(Row()) }
        if !rows[place].exists {
            count += 1
            if let numbers = sorted {
                let place = self.place(of: record.serial, in: numbers)
                sorted?.insert(record.number, at: place)
            }
        }
        setSequence(place, record.lastSequence)
        rows[place].lastPosition = record.lastPosition
        rows[place].lastReport = record.lastReport
        rows[place].publisherState = record.state
    }

    /// Takes a row of the store, once, at the start.
    mutating func load(_ stored: StoredPublisher) throws {
        guard stored.number > 0, stored.number <= 1 << 32, let place = Int(exactly: stored.number &- 1) else { return }
        if !directory.load(serial: stored.serial, jid: stored.jid, at: place) {
            _ = directory.put(
                try Serial(String(decoding: stored.serial, as: UTF8.self)), try JID(utf8: stored.jid), at: place)
        }
        while rows.count <= place { rows.append(Row()) }
        if !rows[place].exists { count += 1 }
        setSequence(place, stored.lastSequence)
        rows[place].lastPosition = stored.lastPosition
        rows[place].lastReport = stored.lastReport
        rows[place].publisherState = stored.state
    }

    /// The highest sequence stored of the row at a place.
    @inline(__always)
    private func lastSequence(_ place: Int) -> Int64 {
        let short = rows[place].shortSequence
        return short == Row.largest ? longSequences[place] ?? short : short
    }

    @inline(__always)
    private mutating func setSequence(_ place: Int, _ sequence: Int64) {
        if sequence >= Row.largest { longSequences[place] = sequence }
        rows[place].shortSequence = min(sequence, Row.largest)
    }

    // MARK: - Presence and refusals

    mutating func setPresence(_ presence: Publisher.Presence, of number: Int64) {
        guard row(number) != nil else { return }
        rows[Int(number &- 1)].presence = presence
    }

    /// The link is down: nobody's presence is known.
    mutating func forgetPresence() {
        for index in rows.indices { rows[index].presence = .unknown }
    }

    /// A report of the station was refused for overload (nil: that is made good).
    mutating func setRefused(_ number: Int64, at time: Timestamp?) {
        guard row(number) != nil else { return }
        rows[Int(number &- 1)].owes = time != nil
        refusals[number] = time
    }

    /// Reports may be lost, of any station: each goes on where it was, without a leap, or says that it cannot.
    ///
    /// - Parameter first: whether that is so for stations too of which nothing is stored: their first report may be lost.
    mutating func expectOrder(at now: Timestamp, alsoFirst first: Bool = true) {
        orderExpectedAt = now
        refusals.removeAll()
        for index in rows.indices where rows[index].exists && (first || rows[index].shortSequence > 0) {
            rows[index].owes = true
        }
    }

    // MARK: - Progress

    /// A report of the station was stored.
    mutating func stored(_ number: Int64, sequence: Int64, position: Int64, at now: Timestamp) {
        guard number > 0, number <= Int64(rows.count) else { return }
        let index = Int(number &- 1)
        let last = lastSequence(index)
        if last == 0 { rows[index].isNew = true }
        if sequence >= last {
            setSequence(index, sequence)
            rows[index].lastPosition = position
        }
        rows[index].lastReport = now
        if !rows[index].isDirty {
            rows[index].isDirty = true
            dirty.append(number)
        }
    }

    /// Stores the next report of a station without looking further; nil if it is not simply the next one of an active
    /// station. `store` returns its position, or nil to leave the report alone. A station
    /// that was refused at or before `forgiven` has made good now.
    @inline(__always)
    mutating func next(
        _ place: Int, sequence: Int64, at now: Timestamp, forgiving forgiven: Timestamp,
        store: (Int64) throws -> Int64?
    ) rethrows -> Int64? {
        guard place < rows.count, rows[place].isActive else { return nil }
        let last = lastSequence(place)
        guard sequence == last &+ 1 else { return nil }
        let number = Int64(place) &+ 1
        guard let position = try store(number) else { return nil }
        if rows[place].owes, let refused = refusals[number] ?? orderExpectedAt, refused <= forgiven {
            setRefused(number, at: nil)
        }
        if last == 0 { rows[place].isNew = true }
        setSequence(place, sequence)
        rows[place].lastPosition = position
        rows[place].lastReport = now
        if !rows[place].isDirty {
            rows[place].isDirty = true
            dirty.append(number)
        }
        return position
    }

    /// The first stations whose progress has to be written.
    func unwritten(_ limit: Int) -> [Publisher] { dirty[firstDirty...].prefix(limit).compactMap { self[$0] } }

    /// The first `count` of them are written.
    mutating func markWritten(_ count: Int) {
        for number in dirty[firstDirty...].prefix(count) {
            rows[Int(number &- 1)].isDirty = false
            rows[Int(number &- 1)].isNew = false
        }
        firstDirty = min(firstDirty &+ count, dirty.count)
        // Seldom, since all that are behind move.
        guard firstDirty &* 2 >= dirty.count else { return }
        dirty.removeFirst(firstDirty)
        firstDirty = 0
    }

    /// They are not written after all.
    mutating func markUnwritten(_ publishers: [Publisher]) {
        for publisher in publishers {
            let place = Int(publisher.record.number &- 1)
            if publisher.isNew { rows[place].isNew = true }
            if !rows[place].isDirty {
                rows[place].isDirty = true
                dirty.append(publisher.record.number)
            }
        }
    }

    /// How many stations' progress has to be written.
    var unwrittenCount: Int { dirty.count &- firstDirty }

    // MARK: - Order

    /// The numbers of all stations in the order of their folded serials.
    mutating func inOrder() -> [Int64] {
        if let sorted { return sorted }
        let numbers = rows.indices.filter { rows[$0].exists }.compactMap { index in
            directory.serial(index).map { ($0, Int64(index) &+ 1) }
        }.sorted { $0.0 < $1.0 }.map(\.1)
        sorted = numbers
        return numbers
    }

    /// The index of a station in a list that is in that order, or where it would have to be put in.
    func place(of serial: Serial, in numbers: [Int64]) -> Int {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = low + (high - low) / 2
            if let other = self.serial(numbers[middle]), other < serial {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
