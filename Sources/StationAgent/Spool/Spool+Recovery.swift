// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opening a spool: what the files say, and what they no longer say.
extension Spool {
    /// Reads every segment, cuts the tail, finds the next number.
    func recover() throws(AgentError) {
        let scans = try readSegments()
        var burned: Int64 = 0
        for (index, entry) in scans.enumerated() {
            let expected = nextNumber
            let missing = index > 0 && !entry.scan.leaps && entry.first > expected
            if missing || burned > 0 { lost += 1 }
            lost += entry.scan.holes
            adopt(entry.first, entry.scan, gapFirst: missing || burned > 0)
            burned = entry.scan.burned
            nextNumber = max(nextNumber, entry.first, (entries.last?.number ?? 0) + 1)
        }
        if let last = scans.last { try resume(last.first, last.scan) }
        for entry in scans { applyGaps(entry.scan.gaps) }
        let acknowledged = scans.map(\.scan.acknowledged).max() ?? 0
        for index in entries.indices where entries[index].number <= acknowledged { entries[index].done = true }
        acknowledgedThrough = acknowledged
        nextNumber = max(nextNumber, acknowledged + 1)
        if burned > 0 {
            lost += 1
            nextNumber += burned
            gapAhead = true
            _ = try write(SpoolRecord(kind: .gap, flag: true, number: nextNumber, body: []).bytes)
        }
        if current == nil { try beginSegment() }
        try sync()
        try advance()
    }

    private func readSegments() throws(AgentError) -> [(first: Int64, scan: SpoolScan)] {
        var scans: [(first: Int64, scan: SpoolScan)] = []
        for name in try namesInFolder(folder) where name.hasSuffix(Self.suffix) {
            guard let first = Int64(name.dropLast(Self.suffix.count)), (1...SpoolRecord.highestNumber).contains(first),
                path(first).hasSuffix("/" + name) else {
                continue
            }
            let file = try FileDescriptor(path(first), O_RDONLY)
            let bytes = try file.read(at: 0, count: try file.size())
            scans.append((first, SpoolScan(bytes, bodyLimit: limits.reportBytes)))
        }
        // A last segment without one readable record was being made when the power went.
        if let last = scans.last, last.scan.goodBytes == 0, last.scan.burned == 0 {
            try removeFile(path(last.first))
            scans.removeLast()
        }
        return scans
    }

    private func adopt(_ first: Int64, _ scan: SpoolScan, gapFirst: Bool) {
        segments.append(Segment(first: first, bytes: scan.goodBytes))
        var gap = gapFirst || gapAhead
        for report in scan.reports where report.number > entries.last?.number ?? 0 {
            entries.append(
                Entry(
                    number: report.number, segment: first, offset: report.offset, length: report.length,
                    gap: report.gap || gap, done: false))
            gap = false
        }
        gapAhead = gap
    }

    private func resume(_ first: Int64, _ scan: SpoolScan) throws(AgentError) {
        let file = try FileDescriptor(path(first), O_RDWR)
        if try file.size() > scan.goodBytes { try file.truncate(to: scan.goodBytes) }
        guard lseek(file.raw, 0, SEEK_END) >= 0 else { throw systemError("seek", file.path) }
        current = file
    }

    private func applyGaps(_ gaps: [SpoolScan.Gap]) {
        for gap in gaps {
            let index = position(of: gap.number)
            if index < entries.count, entries[index].number == gap.number {
                entries[index].gap = gap.flag
            } else if index == entries.count, gap.number >= nextNumber {
                nextNumber = gap.number
                gapAhead = gap.flag
            }
        }
    }
}
