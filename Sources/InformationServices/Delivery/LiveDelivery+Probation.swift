// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel

extension LiveDelivery {
    /// How many reports are looked at in one turn.
    private static let placesAtOnce = 256

    /// Whether the report has to wait for a turn of its own.
    @inline(__always)
    func isOnProbation(_ position: Int64, of publisher: Int64) -> Bool {
        (trials.hasSuspects || !probation.isEmpty)
            && (probation.holds(publisher) || trials.isSuspect(position, of: publisher))
    }

    /// The report waits for a turn of its own.
    func putOnProbation(_ position: Int64, of publisher: Int64, _ output: CoreOutput) {
        if !probation.append(position, of: publisher) { loseOne(publisher, output) }
    }

    /// A report is lost although the link may take everything: its subscribers are told at the next relief.
    private func loseOne(_ publisher: Int64, _ output: CoreOutput) {
        lost(publisher)
        output.relieveAgain()
    }

    /// Sends what waits, up to one that is suspected; behind it the others wait until the link has outlived it.
    func sendProbationers(_ context: CoreContext) throws {
        for _ in 0..<Self.placesAtOnce {
            guard let place = probation.first, !isHolding, !context.isLinkCongested else { return }
            guard trials.maySend(place.position, of: place.publisher, at: context.now) else {
                return trials.confirmSoon(context)
            }
            let entry = try entry(place)
            probation.removeFirst()
            guard let entry else {
                context.afterCommit { [self] output in loseOne(place.publisher, output) }
                continue
            }
            context.afterCommit { [self] output in
                note(entry.publisher, output)
                entry.body.withUnsafeBufferPointer {
                    write(entry.publisher, entry.position, entry.isLate, $0, output)
                }
            }
            guard trials.isSuspect(place.position, of: place.publisher) else { continue }
            trials.confirmSoon(context)
            return
        }
        context.later(milliseconds: 0) { [self] in try sendProbationers($0) }
    }

    /// Nil for one that is gone from the log or set aside, and where the station was suspended meanwhile.
    private func entry(_ place: LiveProbation.Place) throws -> LogEntry? {
        guard state.quarantine[place.position] == nil, state.publishers.isActive(place.publisher) else { return nil }
        return try state.readableEntry(at: place.position)
    }
}
