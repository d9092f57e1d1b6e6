// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationModel

extension SegmentLog: ReportLog {
    func append(
        publisher: Int64, sequence: Int64, receivedAt: Timestamp, isLate: Bool, body: UnsafeBufferPointer<UInt8>
    ) throws -> Int64 {
        let (segment, table) = try writable()
        let offset = segment.bytes + FrameHead.bytes + pendingBodies.count
        guard let number = UInt32(exactly: publisher), let place = UInt32(exactly: offset),
            body.count < Int(LogPlace.lateMark)
        else { throw StoreError(.unusable, "the report does not fit the log") }
        pendingBodies.append(contentsOf: body)
        let position = segment.end
        table.append(
            LogPlace(
                publisher: number, lengthAndLate: UInt32(body.count) | (isLate ? LogPlace.lateMark : 0),
                sequence: sequence, received: receivedAt.milliseconds, offset: place,
                checksum: CRC32C.checksum(UnsafeRawBufferPointer(body))))
        return position
    }

    func lastPosition() throws -> Int64 { (segments.last?.end ?? 1) - 1 }

    func firstPosition() throws -> Int64 { segments.first?.firstPosition ?? 1 }

    func entry(at position: Int64) throws -> LogEntry? {
        guard let segment = segment(of: position) else { return nil }
        guard try isAtHand(segment) else { throw StoreBusy() }
        return try entry(segment, Int(position - segment.firstPosition))
    }

    func count(after position: Int64, limit: Int, publisher: Int64) throws -> Int {
        guard let number = try number(publisher) else { return 0 }
        var count = 0
        let next = following(position)
        for segment in segments where segment.end > next && count < limit {
            // What cannot be read will not be delivered either.
            do { guard try mayVisit(segment) else { break } } catch is StoreDamage { continue }
            let start = Int(max(0, next - segment.firstPosition))
            count += segment.following(start, of: number, limit: limit - count).count
        }
        return count
    }

    /// Nil only if there is no such report in the whole log: where that cannot be seen now, it throws.
    func lookup(publisher: Int64, sequence: Int64) throws -> LogEntry? {
        guard let number = try number(publisher) else { return nil }
        for segment in segments.reversed() {
            guard try mayVisit(segment) else { throw StoreBusy() }
            switch segment.find(number, sequence: sequence) {
            case .found(let index): return try entry(segment, index)
            case .nowhere: return nil
            case .notHere: continue
            }
        }
        return nil
    }

    func history(
        publisher: Int64, range: ClosedRange<Timestamp>, after position: Int64, limit: Int
    ) throws -> [LogEntry] {
        let times = range.lowerBound.milliseconds...range.upperBound.milliseconds
        var entries: [LogEntry] = []
        var scan = LogScan(reached: position)
        while entries.count < limit, !scan.isEnd {
            scan = try self.scan(
                after: scan.reached, limit: limit - entries.count, publishers: [publisher], storedWithin: times)
            if scan.isHeld { throw StoreBusy() }
            for place in scan.found { if let entry = try entry(at: place.position) { entries.append(entry) } }
        }
        return entries
    }

    func progress(after position: Int64) throws -> [PublisherProgress] {
        var found: [UInt32: PublisherProgress] = [:]
        let next = following(position)
        for segment in segments where segment.end > next {
            try trust(segment)
            for index in Int(max(0, next - segment.firstPosition))..<segment.count {
                guard let place = segment.place(index) else { continue }
                let earlier = found[place.publisher]
                let isNewer = place.sequence >= earlier?.lastSequence ?? 0
                found[place.publisher] = PublisherProgress(
                    publisher: Int64(place.publisher), lastSequence: isNewer ? place.sequence : earlier?.lastSequence ?? 0,
                    lastPosition: isNewer ? segment.firstPosition + Int64(index) : earlier?.lastPosition ?? 0,
                    lastReport: Timestamp(milliseconds: place.received))
            }
        }
        return found.values.sorted { $0.publisher < $1.publisher }
    }

    // MARK: - Places

    /// The position behind a position that anybody may have named.
    private func following(_ position: Int64) -> Int64 { min(max(0, position), segments.last?.end ?? 0) + 1 }

    private func number(_ publisher: Int64?) throws -> UInt32? {
        guard let publisher else { return nil }
        // A number that no publisher can have has no reports.
        return UInt32(exactly: publisher) ?? .max
    }

    func segment(of position: Int64) -> Segment? {
        let index = SegmentIndex.first(below: segments.count) { segments[$0].end > position }
        guard index < segments.count, segments[index].firstPosition <= position else { return nil }
        return segments[index]
    }

    private func entry(_ segment: Segment, _ index: Int) throws -> LogEntry? {
        guard let place = segment.place(index) else { return nil }
        let position = segment.firstPosition + Int64(index)
        return LogEntry(
            position: position, publisher: Int64(place.publisher), sequence: place.sequence,
            receivedAt: Timestamp(milliseconds: place.received), isLate: place.isLate,
            body: try body(segment, place, position))
    }

    /// What is read is checked before it leaves.
    ///
    /// - Throws: ``StoreDamage`` for what cannot be read, or is not what was written.
    private func body(_ segment: Segment, _ place: LogPlace, _ position: Int64) throws -> [UInt8] {
        let pendingStart = Int(place.offset) - segment.bytes - FrameHead.bytes
        if pendingStart >= 0, segment === segments.last {
            guard pendingStart + place.length <= pendingBodies.count else { throw damaged(segment) }
            return Array(pendingBodies[pendingStart..<(pendingStart + place.length)])
        }
        let body: [UInt8]
        do {
            guard Int(place.offset) >= FrameHead.bytes, Int(place.offset) + place.length <= segment.bytes else {
                throw damaged(segment)
            }
            body = try [UInt8](unsafeUninitializedCapacity: place.length) { buffer, count in
                count = try segment.file.read(UnsafeMutableRawBufferPointer(buffer), at: Int(place.offset))
            }
            guard body.count == place.length else { throw damaged(segment) }
            if segment.hasChecksums {
                guard body.withUnsafeBytes({ CRC32C.checksum($0) }) == place.checksum else {
                    throw damaged(segment, at: Int(place.offset))
                }
            }
        } catch {
            throw unreadable(segment, position...position, Self.sentence(error))
        }
        return body
    }

    func damaged(_ segment: Segment) -> StoreError {
        StoreError(
            .damaged, "the log \(segment.file.path) is shorter than it was; put the last backup in its place")
    }

    func damaged(_ segment: Segment, at byte: Int) -> StoreError {
        StoreError(.damaged, "the log \(segment.file.path) is damaged at byte \(byte); put the last backup in its place")
    }
}
