// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Work in the background that is done when the test says so.
final class WaitingWork: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])

    func append(_ job: @escaping @Sendable () -> Void) { jobs.withLock { $0.append(job) } }

    /// Does all that waits.
    func run() {
        let waiting = jobs.withLock { jobs in
            defer { jobs.removeAll() }
            return jobs
        }
        for job in waiting { job() }
    }
}
