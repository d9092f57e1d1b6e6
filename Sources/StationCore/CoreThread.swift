// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging

/// The one thread that owns the store: takes what has gathered in the inbox, hands it to the core, again and again.
public final class CoreThread: @unchecked Sendable {
    private let inbox: Inbox
    private let logger: Logger
    // Written once before the thread starts, read by that thread only.
    private let core: Core
    private let finished = DispatchGroup()
    private let onFailure: @Sendable (any Error) -> Void

    /// `onFailure` is called when the store has failed; the process must end then, since what was
    /// not acknowledged is not known to be stored.
    public init(core: sending Core, inbox: Inbox, logger: Logger, onFailure: @escaping @Sendable (any Error) -> Void) {
        self.core = core
        self.inbox = inbox
        self.logger = logger
        self.onFailure = onFailure
    }

    /// Starts the thread.
    public func start() {
        finished.enter()
        let thread = Thread { [self] in
            run()
            finished.leave()
        }
        thread.name = "core"
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func run() {
        while true {
            guard let batch = inbox.take(within: core.nextWake, putOff: core.putOffCount) else {
                do { try core.finish() } catch {
                    logger.error("the store was not closed", metadata: ["error": "\(error)"])
                }
                return
            }
            do { try core.process(batch) } catch {
                logger.critical("the store has failed", metadata: ["error": "\(error)"])
                onFailure(error)
                return
            }
        }
    }

    /// Takes nothing more, finishes what was taken, and waits for the end, but not longer than told. False if that was not
    /// enough.
    @discardableResult
    public func stop(within seconds: Double = .infinity) -> Bool {
        inbox.close()
        guard seconds.isFinite else {
            finished.wait()
            return true
        }
        return finished.wait(timeout: .now() + seconds) == .success
    }
}
