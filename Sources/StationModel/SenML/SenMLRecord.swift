// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// One record of a SenML pack as it stands in the text (RFC 8428 §4): base values not yet applied.
///
/// Labels are those of the JSON form (RFC 8428 §5). Missing is nil, never 0.
public struct SenMLRecord: Hashable, Sendable {
    /// `bn`: put before the names of this record and the following ones.
    public var baseName: String?
    /// `bt`: added to times, in seconds.
    public var baseTime: Double?
    /// `bu`: the unit of records without one.
    public var baseUnit: String?
    /// `bv`: added to numeric values.
    public var baseValue: Double?
    /// `bs`: added to sums.
    public var baseSum: Double?
    /// `bver`: the version of the pack; 10 when it is missing.
    public var baseVersion: Int64?
    /// `n`: the name, or the rest of it after the base name.
    public var name: String?
    /// `u`: the unit, see ``SenMLUnit``.
    public var unit: String?
    /// `v`, `vs`, `vb` or `vd`.
    public var value: SenMLValue?
    /// `s`: the integrated sum over time.
    public var sum: Double?
    /// `t`: seconds since 1970, or relative to now if below 2^28 (RFC 8428 §4.5.3).
    public var time: Double?
    /// `ut`: the longest time in seconds until the next update.
    public var updateTime: Double?

    /// Makes a record; everything is optional.
    public init(
        baseName: String? = nil, baseTime: Double? = nil, baseUnit: String? = nil, baseValue: Double? = nil,
        baseSum: Double? = nil, baseVersion: Int64? = nil, name: String? = nil, unit: String? = nil,
        value: SenMLValue? = nil, sum: Double? = nil, time: Double? = nil, updateTime: Double? = nil
    ) {
        self.baseName = baseName
        self.baseTime = baseTime
        self.baseUnit = baseUnit
        self.baseValue = baseValue
        self.baseSum = baseSum
        self.baseVersion = baseVersion
        self.name = name
        self.unit = unit
        self.value = value
        self.sum = sum
        self.time = time
        self.updateTime = updateTime
    }
}

/// The value of a record.
public enum SenMLValue: Hashable, Sendable {
    /// `v`: a number.
    case number(Double)
    /// `vs`: a text.
    case string(String)
    /// `vb`: true or false.
    case boolean(Bool)
    /// `vd`: bytes in base64url without padding, kept as text.
    case data(String)
}
