// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// The serials and addresses of installed stations in memory, once for all domains: each domain keeps what it knows of
/// a station in columns of its own, under the number that the directory gives.
///
/// Made for a million stations: about 22 bytes each, where serial and localpart are one. No object, no String for each.
public final class StationDirectory {
    private struct Row: BitwiseCopyable {
        /// Where the serial stands in `text`.
        var start: UInt32
        /// 0 for a number that nobody has.
        var length: UInt8 = 0
        /// The address has the folded serial as its localpart, so only its domain is kept.
        var isUsual = false
        var domain: UInt16 = 0
    }

    @exclusivity(unchecked) private var rows: [Row] = []
    /// The serials as they were engraved.
    @exclusivity(unchecked) private var text: [UInt8] = []
    /// Domains of addresses; a station's server seldom differs from the next one's.
    @exclusivity(unchecked) private var domains: [String] = []
    /// Open addressing by the hash of the folded serial: numbers and one; 0 for free.
    @exclusivity(unchecked) private var slots: [UInt32] = []
    private var used = 0
    /// Addresses whose localpart is not the serial.
    private var unusual: [JID: Int] = [:]
    private var unusualByNumber: [Int: JID] = [:]

    public init() {}

    /// Numbers given so far, those that nobody has included.
    public var count: Int { rows.count }

    /// Makes room, so that a table that is loaded does not grow by doubling.
    public func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        text.reserveCapacity(count * 10)
        if count * 4 > slots.count * 3 { rehash(count * 4 / 3 + 64) }
    }

    // MARK: - Finding

    /// The number of a serial.
    public func number(of serial: Serial) -> Int? {
        var folded = serial.folded
        return folded.withUTF8 { find(folded: $0, hash: ByteHash.of($0)) }
    }

    /// The number of the station with this bare JID.
    public func number(of jid: JID) -> Int? {
        if let number = unusual[jid] { return number }
        guard var localpart = jid.localpart, jid.isBare else { return nil }
        var domain = jid.domain
        return localpart.withUTF8 { local in
            domain.withUTF8 { usual(local, domain: $0, hash: ByteHash.of(local)) }
        }
    }

    /// The number of the station with this prepared address, given the hash of the localpart. Only for addresses whose
    /// localpart is the serial; what is not found here may be found by ``number(of:)-(JID)``.
    public func usual(
        _ localpart: UnsafeBufferPointer<UInt8>, domain: UnsafeBufferPointer<UInt8>, hash: UInt64
    ) -> Int? {
        guard let number = find(folded: localpart, hash: hash), rows[number].isUsual else { return nil }
        let known = domains[Int(rows[number].domain)].utf8
        let isSame = known.withContiguousStorageIfAvailable { Self.equal($0, domain) } ?? known.elementsEqual(domain)
        return isSame ? number : nil
    }

    /// The serial under a number.
    public func serial(_ number: Int) -> Serial? {
        guard rows.indices.contains(number), rows[number].length > 0 else { return nil }
        return try? Serial(String(decoding: text[range(rows[number])], as: UTF8.self))
    }

    /// The bare JID under a number.
    public func jid(_ number: Int) -> JID? {
        if let jid = unusualByNumber[number] { return jid }
        guard rows.indices.contains(number), rows[number].isUsual, let serial = serial(number) else { return nil }
        return try? JID(localpart: serial.folded, domain: domains[Int(rows[number].domain)])
    }

    /// Lends the bytes of a serial, as it was engraved.
    public func withSerial<R>(_ number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        guard rows.indices.contains(number), rows[number].length > 0 else { return nil }
        let range = range(rows[number])
        return text.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Appends the serial as it was engraved, and the bare JID; nothing for a number that nobody has.
    public func appendNames(of number: Int, serial: inout [UInt8], jid: inout [UInt8]) {
        guard rows.indices.contains(number), rows[number].length > 0 else { return }
        let row = rows[number]
        serial.append(contentsOf: text[range(row)])
        guard row.isUsual else {
            jid.append(contentsOf: (unusualByNumber[number]?.description ?? "").utf8)
            return
        }
        for byte in text[range(row)] { jid.append(Self.lower(byte)) }
        jid.append(UInt8(ascii: "@"))
        jid.append(contentsOf: domains[Int(row.domain)].utf8)
    }

    // MARK: - Changing

    /// Gives a station a number, or its address a new value; the serial of a number never changes.
    ///
    /// - Parameter number: the one that it must have; nil for the next one, or the one that the serial has.
    /// - Returns: its number; nil if the number has another serial, or there is no room (2^32 numbers).
    @discardableResult
    public func put(_ serial: Serial, _ jid: JID, at number: Int? = nil) -> Int? {
        let known = self.number(of: serial)
        if let number, let known, known != number { return nil }
        guard let place = known ?? make(serial, at: number) else { return nil }
        setAddress(place, serial, jid)
        return place
    }

    /// Takes a station that the store holds, whose serial and address are valid, and which no other one has. False, and
    /// nothing done, if its address is not the usual one or the number is taken: then ``put(_:_:at:)`` is the way.
    public func load(
        serial: UnsafeBufferPointer<UInt8>, jid: UnsafeBufferPointer<UInt8>, at number: Int
    ) -> Bool {
        let length = serial.count
        guard length > 0, length <= 64, jid.count > length &+ 1, jid[length] == UInt8(ascii: "@"), number >= rows.count,
            number < Int(UInt32.max) - 1, let start = UInt32(exactly: text.count)
        else { return false }
        for index in 0..<length where Self.lower(serial[index]) != jid[index] { return false }
        let domain = UnsafeBufferPointer(rebasing: jid[(length &+ 1)...])
        guard let place = place(ofDomain: domain) else { return false }
        while rows.count <= number { rows.append(Row(start: 0)) }
        text.append(contentsOf: serial)
        rows[number] = Row(
            start: start, length: UInt8(length), isUsual: true, domain: UInt16(truncatingIfNeeded: place))
        used += 1
        if used * 8 > slots.count * 7 { rehash(slots.count * 3 / 2 + 64) } else { insert(number) }
        return true
    }

    /// The place of a domain in the list, where it is put if there is room.
    private func place(ofDomain domain: UnsafeBufferPointer<UInt8>) -> Int? {
        for (index, known) in domains.enumerated() where known.utf8.elementsEqual(domain) { return index }
        guard domains.count < Self.mostDomains else { return nil }
        domains.append(String(decoding: domain, as: UTF8.self))
        return domains.count - 1
    }

    private func make(_ serial: Serial, at wanted: Int?) -> Int? {
        let number = wanted ?? rows.count
        guard number >= 0, number < Int(UInt32.max) - 1, let start = UInt32(exactly: text.count) else { return nil }
        if rows.indices.contains(number), rows[number].length > 0 { return nil }
        while rows.count <= number { rows.append(Row(start: 0)) }
        text.append(contentsOf: serial.description.utf8)
        rows[number] = Row(start: start, length: UInt8(clamping: serial.description.utf8.count))
        used += 1
        if used * 8 > slots.count * 7 { rehash(slots.count * 3 / 2 + 64) } else { insert(number) }
        return number
    }

    private func setAddress(_ number: Int, _ serial: Serial, _ jid: JID) {
        if let old = unusualByNumber.removeValue(forKey: number) { unusual.removeValue(forKey: old) }
        rows[number].isUsual = false
        let domain = jid.domain
        if jid.localpart == serial.folded {
            var bytes = domain
            if let place = bytes.withUTF8(place(ofDomain:)) {
                rows[number].domain = UInt16(truncatingIfNeeded: place)
                rows[number].isUsual = true
                return
            }
        }
        unusual[jid] = number
        unusualByNumber[number] = jid
    }

    /// Beyond so many domains, addresses are kept whole: the list is searched one by one.
    private static let mostDomains = 64

    // MARK: - The table

    private func range(_ row: Row) -> Range<Int> { Int(row.start)..<(Int(row.start) + Int(row.length)) }

    private func find(folded: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = place(hash)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if isFolded(rows[number], folded) { return number }
            slot = slot + 1 == slots.count ? 0 : slot + 1
        }
        return nil
    }

    private func isFolded(_ row: Row, _ folded: UnsafeBufferPointer<UInt8>) -> Bool {
        guard Int(row.length) == folded.count else { return false }
        return text.withUnsafeBufferPointer { text in
            for index in 0..<folded.count where Self.lower(text[Int(row.start) &+ index]) != folded[index] { return false }
            return true
        }
    }

    private func insert(_ number: Int) {
        let hash = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let row = rows[number]
            for index in 0..<Int(row.length) { buffer[index] = Self.lower(text[Int(row.start) + index]) }
            return ByteHash.of(UnsafeBufferPointer(rebasing: buffer[..<Int(row.length)]))
        }
        var slot = place(hash)
        while slots[slot] != 0 { slot = slot + 1 == slots.count ? 0 : slot + 1 }
        slots[slot] = UInt32(truncatingIfNeeded: number + 1)
    }

    private func rehash(_ count: Int) {
        slots = [UInt32](repeating: 0, count: count)
        for number in rows.indices where rows[number].length > 0 { insert(number) }
    }

    /// The slot where a search begins: any table size will do, so it need not double.
    @inline(__always)
    private func place(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    /// Serials are ASCII, and localparts fold.
    @inline(__always)
    private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    @inline(__always)
    private static func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.count where a[index] != b[index] { return false }
        return true
    }
}
