// SPDX-License-Identifier: Apache-2.0

/// What one segment file holds, read from its bytes. A value: no file is touched.
struct SpoolScan: Equatable {
    struct Report: Equatable {
        var number: Int64
        var offset: Int
        var length: Int
        var gap: Bool
    }

    struct Gap: Equatable {
        var number: Int64
        var flag: Bool
    }

    /// The lowest number a report in this segment may have; nil if even the first record is not readable.
    var first: Int64?
    /// Whether numbers before this segment were left out on purpose.
    var leaps = false
    var reports: [Report] = []
    var acknowledged: Int64 = 0
    /// Gap records in the order they were written.
    var gaps: [Gap] = []
    /// The bytes that hold whole records; what follows has to be cut off.
    var goodBytes = 0
    /// Upper bound of the reports in a damaged tail: their numbers may be known to the component, so none is used again.
    var burned: Int64 = 0
    /// Unreadable stretches with readable records behind them.
    var holes = 0

    /// Reads a segment.
    ///
    /// An unreadable stretch in the middle is skipped by looking for the next readable record; the report after it is
    /// marked with a gap. An unreadable tail is cut: without burning numbers if it is merely torn (such a report was
    /// never synced, so it was never sent), and burning as many as could have stood there if it is damaged.
    init(_ bytes: [UInt8], bodyLimit: Int) {
        var offset = 0
        var unreadable = 0
        reading: while true {
            let reading = SpoolReading.at(offset, in: bytes, bodyLimit: bodyLimit)
            switch reading {
            case .record(let record, let next):
                if take(record, offset: offset, afterHole: unreadable > 0) { unreadable = 0 }
                offset = next
                goodBytes = next
            case .end:
                break reading
            case .torn, .damaged:
                guard let next = Self.nextReadable(after: offset, in: bytes, bodyLimit: bodyLimit) else {
                    if reading == .damaged { unreadable += bytes.count - offset }
                    break reading
                }
                holes += 1
                unreadable += next - offset
                offset = next
            }
        }
        if unreadable > 0 { burned = Int64(unreadable / (SpoolRecord.headerBytes + 1)) + 1 }
    }

    /// Adds what a record says; returns whether it was a report.
    private mutating func take(_ record: SpoolRecord, offset: Int, afterHole: Bool) -> Bool {
        switch record.kind {
        case .segment:
            if first == nil {
                first = record.number
                leaps = record.flag
            }
        case .report:
            guard record.number > reports.last?.number ?? 0 else { return false }
            reports.append(
                Report(
                    number: record.number, offset: offset + SpoolRecord.headerBytes, length: record.body.count,
                    gap: record.flag || afterHole))
            return true
        case .acknowledged:
            acknowledged = max(acknowledged, record.number)
        case .gap:
            gaps.append(Gap(number: record.number, flag: record.flag))
        }
        return false
    }

    private static func nextReadable(after offset: Int, in bytes: [UInt8], bodyLimit: Int) -> Int? {
        var candidate = offset + 1
        let last = bytes.count - SpoolRecord.headerBytes
        let magic = SpoolRecord.magicBytes
        while candidate <= last {
            if bytes[candidate] == magic[0], bytes[candidate + 1] == magic[1], bytes[candidate + 2] == magic[2],
                bytes[candidate + 3] == magic[3],
                case .record = SpoolReading.at(candidate, in: bytes, bodyLimit: bodyLimit)
            {
                return candidate
            }
            candidate += 1
        }
        return nil
    }
}
