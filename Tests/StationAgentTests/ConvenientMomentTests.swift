// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StationAgent

@Suite struct ConvenientMomentTests {
    private let midnight: Int64 = 1_795_392_000  // 2026-11-23 00:00 UTC
    private let idle = StationActivity(waitingReports: 0)

    private func hour(_ hours: Double) -> Int64 { midnight + Int64(hours * 3600) }

    @Test func `before the window it waits for it, within it begins, after it never`() {
        let window = UpdateWindow(notBefore: hour(10), deadline: hour(20))
        let moment = UsualMoment()
        #expect(moment.decide(now: hour(9), window: window, activity: idle) == .later(hour(10)))
        #expect(moment.decide(now: hour(10), window: window, activity: idle) == .now)
        #expect(moment.decide(now: hour(20) - 1, window: window, activity: idle) == .now)
        #expect(moment.decide(now: hour(20), window: window, activity: idle) == .never)
        #expect(
            moment.decide(
                now: 5, window: UpdateWindow(notBefore: 10, deadline: 10), activity: idle) == .never)
    }

    @Test func `a backlog is sent first, but not at the price of the deadline`() {
        let window = UpdateWindow(notBefore: hour(10), deadline: hour(20))
        let busy = StationActivity(waitingReports: 65)
        let moment = UsualMoment(backlog: 64)
        #expect(moment.decide(now: hour(11), window: window, activity: busy) == .later(hour(11) + 30))
        #expect(moment.decide(now: hour(11), window: window, activity: StationActivity(waitingReports: 64)) == .now)
        #expect(moment.decide(now: hour(20) - 600, window: window, activity: busy) == .now)
    }

    @Test func `quiet hours are kept, unless the window lies within them`() {
        let moment = UsualMoment(quietHours: QuietHours("22:00-06:00"))
        let window = UpdateWindow(notBefore: hour(0), deadline: hour(48))
        #expect(moment.decide(now: hour(23), window: window, activity: idle) == .later(hour(30)))
        #expect(moment.decide(now: hour(5.5), window: window, activity: idle) == .later(hour(6)))
        #expect(moment.decide(now: hour(6), window: window, activity: idle) == .now)
        let night = UpdateWindow(notBefore: hour(23), deadline: hour(24))
        #expect(moment.decide(now: hour(23), window: night, activity: idle) == .later(hour(24) - 360))
        #expect(moment.decide(now: hour(24) - 360, window: night, activity: idle) == .now)
    }

    @Test(arguments: ["", "22-6", "24:00-06:00", "22:60-06:00", "22:00-22:00", "a2:00-06:00", "22:00-06:00-", "+2:00-06:00"])
    func `what is no stretch of the day is refused`(text: String) { #expect(QuietHours(text) == nil) }

    @Test func `a stretch within one day ends on that day`() throws {
        let text = "08:30-17:00"
        let hours = try #require(QuietHours(text))
        #expect(hours.end(ifWithin: hour(8.5)) == hour(17))
        #expect(hours.end(ifWithin: hour(8.5) - 1) == nil)
        #expect(hours.end(ifWithin: hour(17)) == nil)
        #expect(hours.end(ifWithin: -1) == nil)
    }
}
