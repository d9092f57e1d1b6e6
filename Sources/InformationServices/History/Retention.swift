// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel

/// Gives up the oldest reports where the configuration says so, a segment of the log at a time.
///
/// The database says first from where on the log counts; only after that commit are the files unlinked. Reports that
/// stations' progress is still read from at a start stay.
final class Retention {
    private let state: InformationState
    private var isRunning = false

    init(state: InformationState) { self.state = state }

    func register(on core: inout CoreRegistry) {
        let configuration = state.configuration
        guard configuration.retention != nil || configuration.retentionBytes != nil else { return }
        core.linkReady { [self] context in
            guard !isRunning else { return }
            wait(configuration.retentionInterval, context)
            isRunning = true
        }
    }

    private func wait(_ duration: Duration, _ context: CoreContext) {
        context.later(milliseconds: Timestamp(milliseconds: 0).adding(duration).milliseconds) { [self] context in
            // The next look is asked for on its own, so that a failure of this one does not end them all.
            wait(state.configuration.retentionInterval, context)
            try step(context)
        }
    }

    private func step(_ context: CoreContext) throws {
        try forgetQuarantine()
        let before = state.configuration.retention.map { age in
            context.now.adding(milliseconds: -Timestamp(milliseconds: 0).adding(age).milliseconds)
        }
        let first = try state.store.giveUp(
            storedBefore: before, beyond: state.configuration.retentionBytes, upTo: try state.store.progressPosition())
        guard let first else { return }
        context.afterCommit { [state] _ in state.store.remove(before: first) }
        // One segment at a time: there may be many after the rule has changed.
        context.later(milliseconds: 100) { [self] in try step($0) }
    }

    /// How many rows of the quarantine are deleted in one request.
    private static let rowsAtOnce = 500

    /// What the log does not have any more need not be set aside.
    private func forgetQuarantine() throws {
        guard !state.quarantine.isEmpty else { return }
        let first = try state.log.firstPosition()
        let gone = Array(state.quarantine.keys.lazy.filter { $0 < first }.prefix(Self.rowsAtOnce))
        for position in gone { try state.store.removeQuarantine(position) }
        for position in gone { state.quarantine.removeValue(forKey: position) }
    }
}
