// SPDX-License-Identifier: Apache-2.0

/// The last reports of all stations, so that a report which comes twice in short order is known without
/// reading the log. A fixed number of places, each overwritten by the next report that falls on it.
struct RecentReports {
    private struct Place {
        var publisher: Int64 = 0
        var sequence: Int64 = 0
        var hash = 0
    }

    private var places: [Place]
    private let mask: Int

    /// `capacity` is rounded up to a power of two; a place takes 24 bytes.
    init(capacity: Int = 8192) {
        var count = 1
        while count < min(max(1, capacity), 1 << 20) { count <<= 1 }
        places = [Place](repeating: Place(), count: count)
        mask = count &- 1
    }

    /// Whether exactly this body was stored under this number lately. False says nothing.
    func holds(publisher: Int64, sequence: Int64, body: [UInt8]) -> Bool {
        let place = places[index(publisher, sequence)]
        return place.publisher == publisher && place.sequence == sequence && place.hash == body.hashValue
    }

    mutating func remember(publisher: Int64, sequence: Int64, body: [UInt8]) {
        places[index(publisher, sequence)] = Place(publisher: publisher, sequence: sequence, hash: body.hashValue)
    }

    private func index(_ publisher: Int64, _ sequence: Int64) -> Int {
        let mixed = UInt64(bitPattern: publisher) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: sequence)
        return Int(truncatingIfNeeded: mixed) & mask
    }
}
