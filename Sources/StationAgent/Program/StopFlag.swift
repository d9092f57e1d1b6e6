// SPDX-License-Identifier: Apache-2.0
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// SIGINT and SIGTERM as something a task can wait for. A handler may do next to nothing, so it sets a flag, and the
/// task looks at it ten times a second.
public enum StopFlag {
    private static let isSet = Atomic<Bool>(false)

    /// Takes the two signals over; writing to a closed socket is no reason to end either.
    public static func install() {
        let note: @convention(c) (Int32) -> Void = { _ in StopFlag.isSet.store(true, ordering: .relaxed) }
        signal(SIGINT, note)
        signal(SIGTERM, note)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns when one of them has come, or the task is cancelled.
    public static func wait() async {
        while !isSet.load(ordering: .relaxed) {
            if (try? await Task.sleep(for: .milliseconds(100))) == nil { return }
        }
    }
}
