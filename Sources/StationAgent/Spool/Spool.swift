// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How much the spool keeps, and what happens beyond that.
public struct SpoolLimits: Hashable, Sendable {
    /// All segments together, in bytes. Beyond it the oldest segment is dropped and the next report says `gap: true`.
    /// 16 MiB hold about three days of a report every 10 seconds.
    public var bytes = 16 << 20
    /// The largest body of one report, in bytes: what a JSON payload may have on the wire, less the frame around it.
    public var reportBytes = 60_000
    /// Segments the bytes are divided into; one of them is what a full spool loses at a time.
    public var segments = 8

    /// The defaults.
    public init() {}

    /// The size at which a new segment is begun.
    var segmentBytes: Int { max(1024, bytes / max(2, segments)) }
}

/// A report as it waits in the spool.
public struct SpooledReport: Hashable, Sendable {
    /// Its number: grows by one, is never used twice.
    public let number: Int64
    /// The JSON text of the array of its records.
    public let records: [UInt8]
    /// Whether reports before it are missing for good.
    public let gap: Bool
}

/// A durable queue of reports: append-only segment files, a checksum for each record, one writer.
///
/// A report counts as taken once ``sync()`` has returned, and only then it may be sent; several appends may share one
/// sync. Reports leave in the order they came, and only by acknowledgement, or when the bound in bytes is reached (the
/// oldest go first, and the report after the hole says so). A power loss costs at most what was never synced: a torn
/// tail is cut off when the spool is opened. Not thread-safe: one owner.
public final class Spool {
    /// One report that is still here.
    struct Entry {
        var number: Int64
        var segment: Int64
        var offset: Int
        var length: Int
        var gap: Bool
        var done: Bool
    }

    struct Segment {
        var first: Int64
        var bytes: Int
    }

    let folder: String
    /// The bounds.
    public let limits: SpoolLimits
    var segments: [Segment] = []
    var current: FileDescriptor?
    var entries: [Entry] = []
    var head = 0
    var failure: AgentError?
    var gapAhead = false
    var unsavedAcknowledgements = 0
    /// The number the next report will get.
    public internal(set) var nextNumber: Int64 = 1
    /// The highest number that is safe on the disk.
    public internal(set) var syncedThrough: Int64 = 0
    /// Everything up to this number has left.
    public internal(set) var acknowledgedThrough: Int64 = 0
    /// Reports lost since the spool was opened: dropped by the bound or unreadable.
    public internal(set) var lost = 0

    /// Opens the spool, makes the folder if there is none, cuts off a torn tail.
    public init(folder: String, limits: SpoolLimits = SpoolLimits()) throws(AgentError) {
        self.folder = folder
        self.limits = limits
        try makeFolder(folder)
        try recover()
    }

    /// Whether it can still be used: false once a sync has failed.
    public var isAlive: Bool { failure == nil }
    /// Reports waiting, synced or not.
    public var count: Int { entries.count - head }
    /// Bytes of all segment files.
    public var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }
    /// The lowest number waiting.
    public var firstWaiting: Int64? { count > 0 ? entries[head].number : nil }

    /// Adds a report; it counts as taken only after the next ``sync()``.
    /// - Parameter records: the JSON text of the array of records.
    /// - Returns: the number it got.
    public func append(_ records: [UInt8]) throws(AgentError) -> Int64 {
        try checkAlive()
        guard records.count <= limits.reportBytes, !records.isEmpty else {
            throw AgentError(.tooLarge, "a report of \(records.count) bytes; the limit is \(limits.reportBytes)")
        }
        guard nextNumber <= SpoolRecord.highestNumber else { throw AgentError(.storage, "\(folder) has used every number") }
        try makeRoom(SpoolRecord.headerBytes + records.count)
        let offset = try write(SpoolRecord(kind: .report, flag: gapAhead, number: nextNumber, body: records).bytes)
        entries.append(
            Entry(
                number: nextNumber, segment: segments[segments.count - 1].first,
                offset: offset + SpoolRecord.headerBytes, length: records.count, gap: gapAhead, done: false))
        gapAhead = false
        let number = nextNumber
        nextNumber += 1
        return number
    }

    /// Makes everything appended so far survive a power loss. A failed sync is never retried: the spool is dead then,
    /// since what the disk holds is unknown until it is opened again.
    public func sync() throws(AgentError) {
        try checkAlive()
        try syncCurrent()
        syncedThrough = nextNumber - 1
    }

    /// The lowest waiting and synced number that is not below `number`.
    public func next(from number: Int64) -> Int64? {
        var index = position(of: number)
        while index < entries.count {
            let entry = entries[index]
            if entry.number > syncedThrough { return nil }
            if !entry.done { return entry.number }
            index += 1
        }
        return nil
    }

    /// The report of that number, or nil if it is not here (any more).
    public func report(_ number: Int64) throws(AgentError) -> SpooledReport? {
        try checkAlive()
        let index = position(of: number)
        guard index < entries.count, entries[index].number == number, !entries[index].done else { return nil }
        let entry = entries[index]
        let file: FileDescriptor
        if let current, segments.last?.first == entry.segment {
            file = current
        } else {
            file = try FileDescriptor(path(entry.segment), O_RDONLY)
        }
        let records = try file.read(at: entry.offset, count: entry.length)
        guard records.count == entry.length else { throw AgentError(.damaged, "\(path(entry.segment)) has shrunk") }
        return SpooledReport(number: number, records: records, gap: entry.gap)
    }

    /// The component has committed this report: it may go.
    public func acknowledge(_ number: Int64) throws(AgentError) {
        try checkAlive()
        let index = position(of: number)
        guard index < entries.count, entries[index].number == number else { return }
        entries[index].done = true
        try advance()
    }

    /// Takes out a report that the component will never accept; the report after it says that there is a hole.
    public func discard(_ number: Int64) throws(AgentError) {
        try checkAlive()
        let index = position(of: number)
        guard index < entries.count, entries[index].number == number, !entries[index].done else { return }
        lost += 1
        try markGap(from: number + 1)
        entries[index].done = true
        try advance()
    }

    /// Gives a report a new number at the end of the queue: the component has another body under the old one, which
    /// happens when a disk lost what it had promised to keep.
    public func renumber(_ number: Int64) throws(AgentError) {
        guard let report = try report(number) else { return }
        _ = try append(report.records)
        try sync()
        let index = position(of: number)
        guard index < entries.count, entries[index].number == number else { return }
        entries[index].done = true
        try advance()
    }

    /// Says whether the first waiting report not below `number` follows a hole; kept across restarts.
    public func markGap(from number: Int64, _ flag: Bool = true) throws(AgentError) {
        try checkAlive()
        var index = position(of: number)
        while index < entries.count, entries[index].done { index += 1 }
        let target = index < entries.count ? entries[index].number : nextNumber
        if index < entries.count {
            guard entries[index].gap != flag else { return }
            entries[index].gap = flag
        } else {
            guard gapAhead != flag else { return }
            gapAhead = flag
        }
        _ = try write(SpoolRecord(kind: .gap, flag: flag, number: target, body: []).bytes)
        try sync()
    }

    /// Takes over the component's view at `online`: numbers below `number` are used up there, so they are not used here.
    ///
    /// Reports that still wait keep their numbers, and are sent again: a duplicate is acknowledged once more.
    public func reconcile(nextNumber number: Int64) throws(AgentError) {
        try checkAlive()
        guard number >= 1, number <= SpoolRecord.highestNumber else {
            throw AgentError(.protocolViolation, "nextSeq \(number) is out of range")
        }
        guard number > nextNumber else { return }
        nextNumber = number
        try beginSegment(leaps: true)
        try sync()
    }

    /// Writes down what has been acknowledged, so that it is not sent again after a restart.
    public func close() throws(AgentError) {
        guard failure == nil else { return }
        try saveAcknowledgement()
        try sync()
    }
}
