// SPDX-License-Identifier: Apache-2.0

/// Which report is sent when: a window of unacknowledged reports in the order of their numbers. A value without clock,
/// socket or spool; times are milliseconds of any steady clock, passed in.
///
/// An overloaded component refuses a report and from then on every later one until that number comes again (`expected`).
/// So after a refusal nothing new is sent until all answers are in; then the reporter goes back to the refused number,
/// and the window opens slowly.
public struct Reporter: Sendable {
    /// How the component answered a report.
    public enum Answer: Hashable, Sendable {
        /// It is committed.
        case acknowledged
        /// Overload: the same report again later (`resource-constraint`, and anything else that passes by itself).
        case busy
        /// An earlier one is wanted first (`unexpected-request`).
        case expected(Int64)
        /// Another body stands there under this number (`conflict`).
        case conflict
        /// This station is not online in the component's eyes (`forbidden`).
        case notOnline
        /// The report itself is refused, and would be for ever (`bad-request`, `policy-violation`).
        case unacceptable
        /// No answer in time.
        case lost
    }

    /// What the owner of the spool does next.
    public enum Action: Hashable, Sendable {
        /// Delete the report.
        case acknowledge(Int64)
        /// Delete a report that can never be delivered, and mark the hole.
        case discard(Int64)
        /// Give the report a new number at the end of the queue.
        case renumber(Int64)
        /// The component waits for this number or for a report that says it is gone.
        case wanted(Int64)
        /// Introduce again before anything else is sent.
        case introduceAgain
    }

    /// Reports that may be on their way at once.
    public let window: Int
    /// The longest pause after refusals, in milliseconds.
    public let longestPause: Int64
    private(set) var isOnline = false
    private(set) var inFlight: Set<Int64> = []
    private var nextNumber: Int64 = 1
    private var opening: Int
    private var rewindTo: Int64?
    private var refusals = 0
    private(set) var pausedUntil: Int64 = 0

    /// Makes a reporter that is off line.
    public init(window: Int = 16, longestPause: Int64 = 60_000) {
        self.window = max(1, window)
        self.longestPause = longestPause
        opening = max(1, window)
    }

    /// The component said `online`: everything that waits is sent (again) from the first number.
    public mutating func online(from first: Int64) {
        isOnline = true
        inFlight = []
        nextNumber = first
        rewindTo = nil
        refusals = 0
        pausedUntil = 0
        opening = window
    }

    /// The connection is gone; answers to come are of no account.
    public mutating func offline() {
        isOnline = false
        inFlight = []
        rewindTo = nil
    }

    /// Numbers to send now.
    /// - Parameter waiting: the lowest waiting number not below the one given, or nil.
    public mutating func send(now: Int64, waiting: (Int64) -> Int64?) -> [Int64] {
        guard isOnline, now >= pausedUntil else { return [] }
        if let back = rewindTo {
            guard inFlight.isEmpty else { return [] }
            nextNumber = back
            rewindTo = nil
        }
        var numbers: [Int64] = []
        while inFlight.count < opening, let number = waiting(nextNumber) {
            inFlight.insert(number)
            numbers.append(number)
            nextNumber = number + 1
        }
        return numbers
    }

    /// A report turned out to be gone from the spool when it was to be sent.
    public mutating func missing(_ number: Int64) { inFlight.remove(number) }

    /// The answer to one report.
    /// - Parameter jitter: 0…1, spreads the pauses of many stations.
    public mutating func answered(_ number: Int64, _ answer: Answer, now: Int64, jitter: Double) -> [Action] {
        guard isOnline, inFlight.remove(number) != nil else {
            return answer == .acknowledged ? [.acknowledge(number)] : []
        }
        switch answer {
        case .acknowledged:
            if rewindTo == nil {
                refusals = 0
                opening = min(window, opening * 2)
            }
            return [.acknowledge(number)]
        case .busy, .lost:
            pause(now: now, jitter: jitter)
            rewind(to: number)
            return []
        case .expected(let wanted):
            if rewindTo == nil { pause(now: now, jitter: jitter) }
            rewind(to: min(number, max(1, wanted)))
            return [.wanted(max(1, wanted))]
        case .conflict:
            return [.renumber(number)]
        case .unacceptable:
            return [.discard(number)]
        case .notOnline:
            isOnline = false
            inFlight = []
            return [.introduceAgain]
        }
    }

    /// When ``send(now:waiting:)`` may have something again; nil if only an answer or a new report can change that.
    public func wake(now: Int64) -> Int64? { isOnline && pausedUntil > now ? pausedUntil : nil }

    private mutating func rewind(to number: Int64) { rewindTo = min(rewindTo ?? number, number) }

    /// One pause for each round of refusals: the others of the round come in while it lasts.
    private mutating func pause(now: Int64, jitter: Double) {
        guard pausedUntil <= now else { return }
        opening = 1
        let doubled = 1000 << min(refusals, 6)
        refusals = min(refusals + 1, 7)
        let longest = min(Int64(doubled), longestPause)
        pausedUntil = now + longest / 2 + Int64(Double(longest / 2) * min(max(jitter, 0), 1))
    }
}
