// SPDX-License-Identifier: Apache-2.0

/// What is to happen with a report, judged by its number alone.
enum SequenceVerdict: Hashable, Sendable {
    /// The next one: stored.
    case next
    /// Numbers are missing before it: stored, and the gap is shown.
    case afterGap(missing: ClosedRange<Int64>)
    /// Not higher than the last one: a duplicate, a conflict, or late; the log knows.
    case seenOrLate
    /// One before it was refused for overload and has to come first.
    case refused(expected: Int64)
}

/// The rules for numbers of reports, as a function.
enum SequenceRule {
    /// `owes`: a report of this station was refused for overload and has not come again yet.
    /// `saysGap`: the station says that it has nothing before this one.
    static func judge(_ sequence: Int64, last: Int64, owes: Bool, saysGap: Bool) -> SequenceVerdict {
        if sequence <= last { return .seenOrLate }
        let expected = last &+ 1
        if sequence == expected { return .next }
        if owes && !saysGap { return .refused(expected: expected) }
        return .afterGap(missing: expected...(sequence &- 1))
    }
}
