// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// The straight road of nearly all reports: plain ones that are simply the next of an active station. Nothing is
/// allocated for each, and nothing read from the store; all others take the general road.
extension Ingest {
    /// A plain report that was stored.
    struct Accepted {
        let report: PlainReport
        let publisher: Int64
        let position: Int64
    }

    func received(_ batch: ReportBatch, _ context: CoreContext, _ others: (Int) throws -> Void) throws {
        var accepted: [Accepted] = []
        accepted.reserveCapacity(batch.items.count)
        let now = context.now
        let log = state.log
        let forgiven = now.adding(milliseconds: -state.refusalMilliseconds)
        for (index, item) in batch.items.enumerated() {
            guard case .plain(let report) = item, let place = place(of: report, in: batch.stanzas),
                let position = try state.publishers.next(
                    place, sequence: report.sequence, at: now, forgiving: forgiven,
                    store: { number in
                        if sinks.isWatched(number) || report.body.count > ItemSize.alwaysFits { return nil }
                        return try log.append(
                            publisher: number, sequence: report.sequence, receivedAt: now, isLate: false,
                            body: batch.stanzas.bytes(report.body))
                    })
            else {
                // What goes out goes out in the order of positions: a feed never looks back.
                handOn(&accepted, batch.stanzas, context)
                try others(index)
                continue
            }
            accepted.append(Accepted(report: report, publisher: Int64(place) &+ 1, position: position))
        }
        handOn(&accepted, batch.stanzas, context)
    }

    /// Asks for the answers and the fan-out of what was stored so far.
    private func handOn(_ accepted: inout [Accepted], _ stanzas: StanzaBatch, _ context: CoreContext) {
        guard !accepted.isEmpty else { return }
        let stored = accepted
        accepted.removeAll()
        state.reports &+= Int64(stored.count)
        context.acknowledge { [self] output in acknowledge(stored, stanzas, output) }
        guard state.subscriptions.count > 0 else { return }
        context.afterCommit { [self] output in
            for one in stored {
                sinks.fanOut(one.publisher, one.position, stanzas.bytes(one.report.body), output)
            }
        }
    }

    private func place(of report: PlainReport, in batch: StanzaBatch) -> Int? {
        let from = batch.bytes(report.from)
        return state.publishers.directory.usual(
            UnsafeBufferPointer(rebasing: from[..<report.localLength]),
            domain: UnsafeBufferPointer(
                rebasing: from[(report.localLength &+ 1)..<(report.localLength &+ 1 &+ report.domainLength)]),
            hash: report.hash)
    }

    private func acknowledge(_ accepted: [Accepted], _ batch: StanzaBatch, _ output: CoreOutput) {
        guard let result else { return }
        for one in accepted {
            output.withWriter { $0.raw(result, batch.bytes(one.report.id), batch.bytes(one.report.from)) }
        }
    }

    /// The answer to a report that was stored.
    static func result(from domain: JID) -> PreparedPattern? {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("iq", namespace: nil)
        writer.attribute("type", "result")
        writer.attribute("id", "{id}")
        writer.attribute("from", domain.description)
        writer.attribute("to", "{to}")
        return PreparedPattern(writer.finish(), holes: ["{id}", "{to}"])
    }
}
