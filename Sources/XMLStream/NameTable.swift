// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// One name as expat gives it, taken apart once.
struct NameEntry: BitwiseCopyable {
    /// Where the key begins: the C string that expat gave, `namespace␁local␁prefix`, each but `local` left out if empty.
    var key: UInt32 = 0
    var hash: UInt32 = 0
    var namespaceLength: UInt32 = 0
    var localStart: UInt32 = 0
    var localLength: UInt32 = 0
    /// The name as an attribute without namespace, or with the prefix `xml:`; length 0 if it is neither.
    var plainStart: UInt32 = 0
    var plainLength: UInt32 = 0
    /// What came next the last time: most often what comes next again.
    var nextElement: UInt32 = 0
    var nextAttribute: UInt32 = 0
    /// Whether expat has named it. Names of plain stanzas it does not know.
    var isExpats = false
}

/// Each name of a batch stands here once, and nodes hold its index.
///
/// Stanzas resemble each other, so each name remembers its successor, and a name is mostly recognised by one comparison.
struct NameTable {
    /// Between namespace, local part and prefix. U+0001 is in no well-formed document, not even as a reference.
    static let separator: CChar = 1
    /// Names and bytes up to which a table is kept for the next batch.
    private static let keptNames = 2048
    private static let keptBytes = 131_072
    /// Chosen anew by each process, so that nobody can prepare names that collide.
    private static let seed = UInt64(truncatingIfNeeded: Hasher().finalize()) | 1

    private(set) var entries = Growable<NameEntry>()
    private(set) var bytes = Growable<CChar>()
    private var slots: UnsafeMutablePointer<UInt32>?
    private var slotMask = 0
    /// How many names were new that expat named. The owner sets it to 0.
    var learned = 0

    var footprint: Int { entries.footprint &+ bytes.footprint &+ (slotMask &+ 1) &* 4 }

    mutating func free() {
        entries.free()
        bytes.free()
        slots?.deallocate()
        self = NameTable()
    }

    /// Makes ready for a batch: names stay known unless they are too many.
    mutating func prepare() {
        if entries.count > Self.keptNames || bytes.count > Self.keptBytes { free() }
        learned = 0
        guard entries.count == 0 else { return }
        entries.append(NameEntry())
        bytes.append(0)
        rehash(128)
    }

    /// The index of an element's name, given the name of the element before it.
    @inline(__always)
    mutating func element(_ name: UnsafePointer<CChar>, after previous: UInt32) -> UInt32 {
        let guess = entries[Int(previous)].nextElement
        if isKey(name, guess) { return named(guess) }
        let index = find(name)
        entries.pointer(at: Int(previous)).pointee.nextElement = index
        return named(index)
    }

    /// The index of an attribute's name, given the name of the attribute or element before it.
    @inline(__always)
    mutating func attribute(_ name: UnsafePointer<CChar>, after previous: UInt32) -> UInt32 {
        let guess = entries[Int(previous)].nextAttribute
        if isKey(name, guess) { return named(guess) }
        let index = find(name)
        entries.pointer(at: Int(previous)).pointee.nextAttribute = index
        return named(index)
    }

    /// Counts a name that expat had to learn.
    @inline(__always)
    private mutating func named(_ index: UInt32) -> UInt32 {
        let entry = entries.pointer(at: Int(index))
        if !entry.pointee.isExpats {
            entry.pointee.isExpats = true
            learned &+= 1
        }
        return index
    }

    /// The local part of a name.
    func local(_ index: UInt32) -> UnsafeBufferPointer<UInt8> {
        let entry = entries[Int(index)]
        return raw(entry.localStart, entry.localLength)
    }

    /// The namespace of a name.
    func namespace(_ index: UInt32) -> UnsafeBufferPointer<UInt8> {
        let entry = entries[Int(index)]
        return raw(entry.key, entry.namespaceLength)
    }

    /// The name as an attribute that needs no namespace, empty if it has one.
    func plain(_ index: UInt32) -> UnsafeBufferPointer<UInt8> {
        let entry = entries[Int(index)]
        return raw(entry.plainStart, entry.plainLength)
    }

    /// The C string that makes the same name known to another table.
    func key(_ index: UInt32) -> UnsafePointer<CChar> {
        UnsafePointer(bytes.pointer(at: Int(entries[Int(index)].key)))
    }

    private func raw(_ start: UInt32, _ length: UInt32) -> UnsafeBufferPointer<UInt8> {
        let characters = bytes.slice(Int(start), Int(length))
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(characters.baseAddress)?.assumingMemoryBound(to: UInt8.self), count: characters.count)
    }

    @inline(__always)
    private func isKey(_ name: UnsafePointer<CChar>, _ index: UInt32) -> Bool {
        station_strequal(name, key(index)) != 0
    }

    @inline(never)
    mutating func find(_ name: UnsafePointer<CChar>) -> UInt32 {
        let length = station_strlen(name)
        let hash = Self.hash(name, length)
        var slot = Int(hash) & slotMask
        while let slots, slots[slot] != 0 {
            let index = slots[slot]
            if entries[Int(index)].hash == hash, isKey(name, index) { return index }
            slot = (slot &+ 1) & slotMask
        }
        return learn(name, length, hash, slot)
    }

    private mutating func learn(_ name: UnsafePointer<CChar>, _ length: Int, _ hash: UInt32, _ slot: Int) -> UInt32 {
        let start = bytes.append(name, length)
        bytes.append(0)
        var entry = NameEntry()
        entry.key = UInt32(truncatingIfNeeded: start)
        entry.hash = hash
        var marks: [Int] = []
        for offset in 0..<length where name[offset] == Self.separator { marks.append(offset) }
        let localOffset = marks.first.map { $0 &+ 1 } ?? 0
        let localEnd = marks.count > 1 ? marks[1] : length
        entry.namespaceLength = UInt32(truncatingIfNeeded: marks.first ?? 0)
        entry.localStart = UInt32(truncatingIfNeeded: start &+ localOffset)
        entry.localLength = UInt32(truncatingIfNeeded: localEnd &- localOffset)
        if marks.isEmpty {
            entry.plainStart = entry.localStart
            entry.plainLength = entry.localLength
        } else if String(decoding: raw(entry.key, entry.namespaceLength), as: UTF8.self) == ReservedNamespace.xml {
            entry.plainStart = UInt32(truncatingIfNeeded: bytes.count)
            for byte in "xml:".utf8 { bytes.append(CChar(bitPattern: byte)) }
            for offset in localOffset..<localEnd { bytes.append(name[offset]) }
            entry.plainLength = entry.localLength &+ 4
        }
        let index = UInt32(truncatingIfNeeded: entries.count)
        entries.append(entry)
        slots?[slot] = index
        if entries.count &* 2 > slotMask { rehash((slotMask &+ 1) &* 4) }
        return index
    }

    private mutating func rehash(_ count: Int) {
        slots?.deallocate()
        let new = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        new.initialize(repeating: 0, count: count)
        slotMask = count &- 1
        for index in 1..<max(1, entries.count) {
            var slot = Int(entries[index].hash) & slotMask
            while new[slot] != 0 { slot = (slot &+ 1) & slotMask }
            new[slot] = UInt32(truncatingIfNeeded: index)
        }
        slots = new
    }

    /// A multiplying hash over words of eight bytes.
    private static func hash(_ name: UnsafePointer<CChar>, _ length: Int) -> UInt32 {
        let raw = UnsafeRawPointer(name)
        var state = seed ^ UInt64(truncatingIfNeeded: length)
        var offset = 0
        while offset < length {
            var word: UInt64 = 0
            if length &- offset >= 8 {
                word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            } else {
                for byte in offset..<length { word = word << 8 | UInt64(raw.load(fromByteOffset: byte, as: UInt8.self)) }
            }
            let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            state = (product.high ^ product.low) &+ seed
            offset &+= 8
        }
        return UInt32(truncatingIfNeeded: state ^ state >> 32)
    }
}
