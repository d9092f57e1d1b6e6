// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol

/// Writes how far the publishers have come, some at a time, so that a start has to read only the end of the log;
/// and tells device management how many reports came.
///
/// A round writes every station that had a report before it began. Only then does the position move up to which the
/// rows can be trusted; what a crash leaves out is read from the log at the next start.
final class Progress {
    private let state: InformationState
    /// Called with each round, for whatever else is to be done now and then.
    private let round: (CoreContext) -> Void
    private var isRunning = false

    init(state: InformationState, round: @escaping (CoreContext) -> Void) {
        self.state = state
        self.round = round
    }

    func register(on core: inout CoreRegistry) {
        core.linkReady { [self] context in
            guard !isRunning else { return }
            wait(context)
            isRunning = true
        }
    }

    private func wait(_ context: CoreContext) {
        let interval = Timestamp(milliseconds: 0).adding(state.configuration.progressInterval).milliseconds
        context.later(milliseconds: interval) { [self] context in
            // The next round is asked for on its own, so that a failure of this one does not end them all.
            wait(context)
            round(context)
            context.later(milliseconds: 0) { [self] context in
                let position = try state.log.lastPosition()
                try step(state.publishers.unwrittenCount, upTo: position, context)
            }
        }
    }

    private func step(_ remaining: Int, upTo position: Int64, _ context: CoreContext) throws {
        guard remaining > 0 else { return }
        let slice = state.publishers.unwritten(min(remaining, state.configuration.progressPerStep))
        guard !slice.isEmpty else { return }
        try state.store.setProgress(slice.compactMap(Self.progress))
        if slice.count == remaining { try state.store.setProgressPosition(position) }
        for publisher in slice {
            guard let at = publisher.record.lastReport else { continue }
            if publisher.isNew { context.journal(publisher.record.serial, .report, "first report") }
            context.emit(
                .reportSummary(
                    serial: publisher.record.serial, seq: publisher.record.lastSequence, at: at, firmware: nil))
        }
        state.publishers.markWritten(slice.count)
        context.undo { [state] in state.publishers.markUnwritten(slice) }
        if slice.count < remaining {
            context.later(milliseconds: 0) { [self] in try step(remaining - slice.count, upTo: position, $0) }
        }
    }

    private static func progress(_ publisher: Publisher) -> PublisherProgress? {
        publisher.record.lastReport.map {
            PublisherProgress(
                publisher: publisher.record.number, lastSequence: publisher.record.lastSequence,
                lastPosition: publisher.record.lastPosition, lastReport: $0)
        }
    }
}
