// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A lock with a condition whose waits go by the monotonic clock: `NSCondition` waits for a time of day, so a clock that is
/// set back by an hour would keep the core asleep for an hour.
final class MonotonicCondition: @unchecked Sendable {
    // POSIX wants them to stay where they are.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<R>(_ body: () throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    // Inside the lock:

    func signal() { pthread_cond_signal(condition) }

    func broadcast() { pthread_cond_broadcast(condition) }

    /// Waits for a signal, until that moment of the monotonic clock at most; nil for as long as it takes. False if the time
    /// is up.
    func wait(until end: MonotonicMoment?) -> Bool {
        guard let end else {
            pthread_cond_wait(condition, mutex)
            return true
        }
        var time = end.time
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }
}

/// A moment of the monotonic clock.
struct MonotonicMoment {
    let time: timespec

    /// So long from now; a year at most.
    init(after wait: Duration) {
        let (seconds, attoseconds) = min(max(wait, .zero), .seconds(31_536_000)).components
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        time = timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}
