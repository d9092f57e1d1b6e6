// SPDX-License-Identifier: Apache-2.0
import Logging
import StationModel

// Two times: durable timers are rows with a time of day, which outlives a restart; what is only in memory goes by the
// monotonic clock, which no one sets.
extension Core {
    /// How long the core may sleep if nothing comes: until the next timer, an unanswered request, or a look at a congested
    /// link. Zero if something is due; nil if there is nothing to wait for.
    public var nextWake: Duration? {
        guard putOff.isEmpty else { return .zero }
        let gone = clock.ticks() &- context.ticks
        var wait: Int64?
        func consider(_ due: Int64) { wait = min(wait ?? .max, due) }
        if let due = timersDue { consider(CoreContext.nanoseconds(due.milliseconds(since: context.now))) }
        if let due = alarms.firstDue { consider(due &- context.ticks) }
        if let due = pending.nextDue { consider(max(due, context.ticks) &- context.ticks) }
        if let look = output.lookAgain { consider(CoreContext.nanoseconds(look)) }
        return wait.map { .nanoseconds(max(0, $0 &- gone)) }
    }

    /// The times of this batch.
    func moveTime() {
        let before = time.leap
        context.ticks = clock.ticks()
        time.move(clock: clock.now(), ticks: context.ticks)
        context.now = time.now
        context.clockLeapMilliseconds = time.leap
        if time.leap != 0, before == 0 {
            logger.error(
                "the clock has leapt and is not followed; set it right, or start again to take the new time",
                metadata: ["seconds": "\(time.leap / 1000)"])
        } else if time.leap == 0, before != 0 {
            logger.notice("the clock is believed again")
        }
    }

    /// When a timer whose handler has failed fires again.
    private static let timerAgain = Duration.seconds(60)

    func fireTimers() throws {
        guard let due = timersDue, due <= context.now else { return }
        for timer in try store.dueTimers(at: context.now, limit: limits.batchControl) {
            try store.clearTimer(name: timer.name, key: timer.key)
            if let handler = registry.timers[timer.name],
                try !attempt("timer", nil, { try handler(timer.key, context) })
            {
                // What was to be done is still to be done.
                try store.setTimer(TimerRow(name: timer.name, key: timer.key, due: context.now.adding(Self.timerAgain)))
            }
            if isOutOfTime { break }
        }
        timersDue = try store.nextTimer()
    }

    func ringAlarms() throws {
        while let ring = alarms.pop(dueBy: context.ticks) {
            try attempt("alarm") { try ring(context) }
            if isOutOfTime { return }
        }
    }

    func giveUpUnanswered() throws {
        while let request = pending.takeGivenUp(at: context.ticks) {
            try attempt("unanswered request") { try request.answer(nil, context) }
            if isOutOfTime { return }
        }
    }
}
