// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A list of SenML records (RFC 8428 §3).
public struct SenMLPack: Hashable, Sendable {
    /// The records in the order of the text.
    public var records: [SenMLRecord]

    /// Makes a pack of records.
    public init(_ records: [SenMLRecord]) { self.records = records }

    /// Why a pack cannot be resolved.
    public enum Flaw: String, Error, Hashable, Sendable {
        /// The name and the base name together are empty, too long or of other characters (RFC 8428 §4.5.1).
        case name = "not a SenML name"
        /// Neither a value nor a sum stands in the record (RFC 8428 §4.5.4).
        case noValue = "neither a value nor a sum"
        /// A version above 10, or two versions in one pack (RFC 8428 §4.4).
        case version = "unknown SenML version"
        /// A time or value that is no finite number once the base is added.
        case range = "number out of range"
    }

    /// A flaw with the place of its record.
    public struct ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
        /// Index of the record.
        public let record: Int
        /// What is wrong with it.
        public let flaw: Flaw
        /// `neither a value nor a sum at /3`.
        public var description: String { "\(flaw.rawValue) at /\(record)" }
    }

    /// The records with all base values applied and all times absolute (RFC 8428 §4.6), in the order of the text. A record
    /// that holds base fields alone measures nothing and leads to none, as in the examples of §5.1.7.
    ///
    /// - Parameter now: the moment that relative times count from.
    /// - Throws: ``ResolutionError`` for the first record that cannot be resolved, or if nothing is measured at all.
    public func resolve(now: Timestamp) throws(ResolutionError) -> [SenMLMeasurement] {
        var base = SenMLRecord()
        var resolved: [SenMLMeasurement] = []
        resolved.reserveCapacity(records.count)
        for (position, record) in records.enumerated() {
            do {
                base = try record.base(after: base, isFirst: position == 0)
                if record.isBaseAlone { continue }
                var measurement = try record.resolved(with: base, now: now)
                measurement.record = position
                resolved.append(measurement)
            } catch {
                throw ResolutionError(record: position, flaw: error)
            }
        }
        if resolved.isEmpty, !records.isEmpty { throw ResolutionError(record: 0, flaw: .noValue) }
        return resolved
    }
}

/// One resolved record: it stands for itself.
public struct SenMLMeasurement: Hashable, Sendable {
    /// The whole name: base name and name.
    public var name: String
    /// The unit, if one is stated.
    public var unit: String?
    /// The value, if there is one.
    public var value: SenMLValue?
    /// The sum, if there is one.
    public var sum: Double?
    /// When it was measured: seconds since 1970.
    public var time: Double
    /// The longest time in seconds until the next update.
    public var updateTime: Double?
    /// Index of the record in the pack that it comes from.
    public var record = 0
}

extension SenMLRecord {
    /// Times below this count from now (RFC 8428 §4.5.3).
    private static let absoluteFrom: Double = 268_435_456

    /// Whether it says what holds for those that follow, and nothing else. A base value measures something by itself (§4.5.4).
    fileprivate var isBaseAlone: Bool {
        let hasBase = baseName != nil || baseTime != nil || baseUnit != nil || baseVersion != nil
        return hasBase && baseValue == nil && baseSum == nil && name == nil && unit == nil && value == nil && sum == nil
            && time == nil && updateTime == nil
    }

    /// The base values that hold from this record on.
    fileprivate func base(after earlier: SenMLRecord, isFirst: Bool) throws(SenMLPack.Flaw) -> SenMLRecord {
        if let baseVersion, baseVersion > 10 || (!isFirst && baseVersion != earlier.baseVersion ?? 10) { throw .version }
        var base = earlier
        base.baseName = baseName ?? earlier.baseName
        base.baseTime = baseTime ?? earlier.baseTime
        base.baseUnit = baseUnit ?? earlier.baseUnit
        base.baseValue = baseValue ?? earlier.baseValue
        base.baseSum = baseSum ?? earlier.baseSum
        base.baseVersion = baseVersion ?? earlier.baseVersion
        return base
    }

    fileprivate func resolved(with base: SenMLRecord, now: Timestamp) throws(SenMLPack.Flaw) -> SenMLMeasurement {
        let name = (base.baseName ?? "") + (self.name ?? "")
        guard Self.isName(name) else { throw .name }
        let value = value(with: base)
        let sum = sum == nil && base.baseSum == nil ? nil : (sum ?? 0) + (base.baseSum ?? 0)
        guard value != nil || sum != nil else { throw .noValue }
        let stated = (time ?? 0) + (base.baseTime ?? 0)
        let absolute = stated < Self.absoluteFrom ? now.seconds + stated : stated
        guard absolute.isFinite, sum?.isFinite ?? true else { throw .range }
        if case .number(let number)? = value, !number.isFinite { throw .range }
        return SenMLMeasurement(
            name: name, unit: unit ?? base.baseUnit, value: value, sum: sum, time: absolute, updateTime: updateTime)
    }

    /// The value and the base value added; a missing one counts as zero (RFC 8428 §4.5.4). Other kinds of value have no
    /// base.
    private func value(with base: SenMLRecord) -> SenMLValue? {
        switch value {
        case .number(let number): .number(number + (base.baseValue ?? 0))
        case nil: base.baseValue.map { .number($0) }
        case let other: other
        }
    }

    /// RFC 8428 §4.5.1, at most 255 characters: the first is a letter or digit.
    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 255, isAlphanumeric(first) else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x3A, 0x2E, 0x2F, 0x5F].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
