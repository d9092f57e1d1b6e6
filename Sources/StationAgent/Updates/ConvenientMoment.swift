// SPDX-License-Identifier: Apache-2.0

/// When the component allows an update, in UTC seconds.
public struct UpdateWindow: Hashable, Sendable {
    /// Not before this.
    public var notBefore: Int64
    /// Not after this.
    public var deadline: Int64

    /// Makes a window.
    public init(notBefore: Int64, deadline: Int64) {
        self.notBefore = notBefore
        self.deadline = deadline
    }
}

/// What the station is busy with when the question is asked.
public struct StationActivity: Hashable, Sendable {
    /// Reports that wait in the spool.
    public var waitingReports: Int

    /// Makes an activity.
    public init(waitingReports: Int) { self.waitingReports = waitingReports }
}

/// The answer to "may the update begin now?".
public enum MomentDecision: Hashable, Sendable {
    /// Begin.
    case now
    /// Ask again at this time (UTC seconds).
    case later(Int64)
    /// The window is over.
    case never
}

/// Picks the moment for an update. A station that knows more (a storm, an inspection, its battery) brings its own.
public protocol ConvenientMoment: Sendable {
    /// - Parameter now: UTC seconds.
    func decide(now: Int64, window: UpdateWindow, activity: StationActivity) -> MomentDecision
}

/// The usual rule: within the window, outside the quiet hours, and not while a backlog of reports is being sent.
///
/// Shortly before the deadline the window outweighs quiet hours and backlog: an update that was agreed on is not missed
/// for the sake of comfort.
public struct UsualMoment: ConvenientMoment {
    /// Hours in which nothing is begun; nil for none.
    public var quietHours: QuietHours?
    /// More waiting reports than this are a backlog.
    public var backlog: Int

    /// Makes the rule.
    public init(quietHours: QuietHours? = nil, backlog: Int = 64) {
        self.quietHours = quietHours
        self.backlog = backlog
    }

    public func decide(now: Int64, window: UpdateWindow, activity: StationActivity) -> MomentDecision {
        guard now < window.deadline, window.notBefore < window.deadline else { return .never }
        guard now >= window.notBefore else { return .later(window.notBefore) }
        // The last tenth of the window, at most ten minutes.
        let (length, overflow) = window.deadline.subtractingReportingOverflow(window.notBefore)
        let lastCall = window.deadline - min(600, overflow ? 600 : max(1, length / 10))
        guard now < lastCall else { return .now }
        if let end = quietHours?.end(ifWithin: now) { return .later(min(end, lastCall)) }
        if activity.waitingReports > backlog { return .later(min(now + 30, lastCall)) }
        return .now
    }
}

/// A stretch of each day in UTC, such as `22:00-06:00`.
public struct QuietHours: Hashable, Sendable {
    /// Minutes after midnight, inclusive.
    public let from: Int64
    /// Minutes after midnight, exclusive.
    public let to: Int64

    /// Reads `HH:MM-HH:MM`; nil if it is anything else, or empty.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = Self.minutes(parts[0]), let to = Self.minutes(parts[1]), from != to else {
            return nil
        }
        self.from = from
        self.to = to
    }

    private static func minutes(_ text: Substring) -> Int64? {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (48...57).contains(digits[$0]) }),
            let hours = Int64(text.prefix(2)), let minutes = Int64(text.suffix(2)), hours < 24, minutes < 60
        else { return nil }
        return hours * 60 + minutes
    }

    /// When the quiet stretch that holds `now` (UTC seconds) ends; nil if none does.
    public func end(ifWithin now: Int64) -> Int64? {
        let day = ((now % 86_400) + 86_400) % 86_400
        let start = from * 60
        let end = to * 60
        if start < end {
            return day >= start && day < end ? now &+ (end - day) : nil
        }
        if day >= start { return now &+ (86_400 - day + end) }
        return day < end ? now &+ (end - day) : nil
    }
}
