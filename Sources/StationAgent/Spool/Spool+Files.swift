// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Segment files: opening, rolling, dropping.
extension Spool {
    static let suffix = ".spool"

    func path(_ first: Int64) -> String {
        let digits = String(first)
        return folder + "/" + String(repeating: "0", count: max(0, 19 - digits.count)) + digits + Self.suffix
    }

    func checkAlive() throws(AgentError) {
        if let failure { throw failure }
    }

    /// The index of the first entry whose number is not below `number`.
    func position(of number: Int64) -> Int {
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A failed sync ends this spool's life; it is never tried again on the same file.
    func syncCurrent() throws(AgentError) {
        do throws(AgentError) { try current?.sync() } catch {
            failure = error
            throw error
        }
    }

    /// Appends whole records to the current segment and says where they begin. What was written in part is cut again.
    func write(_ bytes: [UInt8]) throws(AgentError) -> Int {
        guard let current, let segment = segments.last else {
            throw AgentError(.storage, "\(folder) has no open segment")
        }
        do throws(AgentError) { try current.write(bytes) } catch {
            do throws(AgentError) { try current.truncate(to: segment.bytes) } catch { failure = error }
            if lseek(current.raw, off_t(segment.bytes), SEEK_SET) < 0 { failure = systemError("seek", current.path) }
            gapAhead = true
            throw error
        }
        segments[segments.count - 1].bytes += bytes.count
        return segment.bytes
    }

    /// Begins a new segment; synced together with its name, so that a number can never be used twice.
    /// - Parameter leaps: numbers are left out on purpose, so a hole before this segment is no loss.
    func beginSegment(leaps: Bool = false) throws(AgentError) {
        try syncCurrent()
        if segments.last?.first == nextNumber { return }
        let file = try FileDescriptor(path(nextNumber), O_RDWR | O_CREAT | O_TRUNC)
        let header = SpoolRecord(kind: .segment, flag: leaps, number: nextNumber, body: []).bytes
        try file.write(header)
        do throws(AgentError) {
            try file.sync()
            try syncFolder(folder)
        } catch {
            // Another descriptor would not say what the disk has: a failed sync is never tried again.
            failure = error
            throw error
        }
        current = file
        segments.append(Segment(first: nextNumber, bytes: header.count))
        try removeFinished()
    }

    /// Rolls the segment, and drops the oldest ones while the bound would be passed.
    func makeRoom(_ bytes: Int) throws(AgentError) {
        if let last = segments.last, last.bytes + bytes > limits.segmentBytes, last.bytes > SpoolRecord.headerBytes {
            try beginSegment()
        }
        let margin = 2 * SpoolRecord.headerBytes
        while self.bytes + bytes + margin > limits.bytes, segments.count > 1 { try dropOldest() }
    }

    private func dropOldest() throws(AgentError) {
        let oldest = segments[0].first
        let kept = segments[1].first
        var dropped = 0
        for index in head..<entries.count where entries[index].segment == oldest {
            if !entries[index].done { dropped += 1 }
        }
        // The mark is safe before the reports go: a crash in between costs nothing but the mark.
        if dropped > 0 { try markGap(from: kept) }
        lost += dropped
        while head < entries.count, entries[head].segment == oldest { head += 1 }
        acknowledgedThrough = max(acknowledgedThrough, kept - 1)
        try removeFile(path(oldest))
        segments.removeFirst()
        compact()
    }

    /// Moves on past everything that is done; deletes segments that hold nothing else.
    func advance() throws(AgentError) {
        let before = head
        while head < entries.count, entries[head].done {
            acknowledgedThrough = entries[head].number
            head += 1
        }
        unsavedAcknowledgements += head - before
        // Losing an acknowledgement costs a resend and nothing else, so this is neither written each time nor synced.
        if unsavedAcknowledgements >= 16 || (count == 0 && head > before) { try saveAcknowledgement() }
        try removeFinished()
        compact()
    }

    func saveAcknowledgement() throws(AgentError) {
        guard unsavedAcknowledgements > 0, current != nil else { return }
        unsavedAcknowledgements = 0
        _ = try write(SpoolRecord(kind: .acknowledged, flag: false, number: acknowledgedThrough, body: []).bytes)
    }

    private func removeFinished() throws(AgentError) {
        while segments.count > 1, !(head < entries.count && entries[head].segment == segments[0].first) {
            try removeFile(path(segments[0].first))
            segments.removeFirst()
        }
    }

    private func compact() {
        guard head > 1024, head > entries.count / 2 else { return }
        entries.removeFirst(head)
        head = 0
    }
}
