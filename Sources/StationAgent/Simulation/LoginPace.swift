// SPDX-License-Identifier: Apache-2.0

/// Spreads logins: so many a second, first come first served. A server that checks a certificate for each has its limit.
actor LoginPace {
    private let interval: Duration
    private var next: ContinuousClock.Instant = .now

    /// - Parameter perSecond: 0 means as fast as it goes.
    init(perSecond: Double) {
        interval = perSecond > 0 ? .nanoseconds(Int64(min(1e9 / perSecond, 3.6e12))) : .zero
    }

    /// Returns when it is one's turn.
    func turn() async throws {
        let now = ContinuousClock.now
        let mine = max(now, next)
        next = mine + interval
        if mine > now { try await Task.sleep(until: mine, clock: .continuous) }
    }
}
