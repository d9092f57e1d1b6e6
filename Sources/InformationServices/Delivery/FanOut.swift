// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMPPCore

/// Hands stored reports to the subscriptions that match, after the commit.
final class FanOut {
    private let state: InformationState
    private let feeds: Feeds
    private let live: LiveDelivery
    @exclusivity(unchecked) private var index = RouteIndex()
    @exclusivity(unchecked) private var item: ItemWriter

    init(state: InformationState, feeds: Feeds) {
        self.state = state
        self.feeds = feeds
        live = LiveDelivery(state: state, trials: feeds.trials)
        item = ItemWriter(domain: state.domain.description)
    }

    func register(on core: inout CoreRegistry) {
        live.routes = { [unowned self] in index.routes($0, in: state) }
        core.linkRelieved { [live] context in
            context.afterCommit { if live.release($0) { $0.relieveAgain() } }
            // Their last turn may have met a link that took nothing, and after the last acquittal there is none.
            if !live.probation.isEmpty { context.later(milliseconds: 0) { try live.sendProbationers($0) } }
        }
        feeds.trials.onTurn { [live] in try live.sendProbationers($0) }
    }

    /// Live deliveries that subscribers have lost since the start, and bytes that wait for the link.
    var liveCount: (dropped: Int64, waiting: Int) { (live.droppedCount, live.waitingBytes) }

    /// Asks for the fan-out of a report; nothing at all if nobody subscribes to it.
    func stored(_ report: StoredReport, _ context: CoreContext) {
        guard matches(report.publisher) else { return }
        context.afterCommit { [self] output in
            report.body.withUnsafeBufferPointer {
                deliver(
                    publisher: report.publisher, position: report.position, isLate: report.isLate, body: $0, to: output)
            }
        }
    }

    /// Whether anybody subscribes to reports of this station.
    func matches(_ publisher: Int64) -> Bool { !index.routes(publisher, in: state).isEmpty }

    /// How many copies are written between two looks at whether the output is to be handed on.
    private static let headsAtOnce = 128

    /// Grants and subscriptions are looked at after the commit: what was revoked in the same batch is revoked.
    func deliver(
        publisher: Int64, position: Int64, isLate: Bool, body: UnsafeBufferPointer<UInt8>, to output: CoreOutput
    ) {
        let routes = index.routes(publisher, in: state)
        guard !routes.isEmpty else { return }
        if output.isCongested || live.isHolding { return hold(routes, publisher, position, isLate, body, output) }
        if live.isOnProbation(position, of: publisher) { return setApart(routes, publisher, position, output) }
        if routes.hasLive { live.writing(position, of: publisher, output) }
        item.begin(epoch: state.epoch, position: position, isLate: isLate, publisher, in: state.publishers.directory)
        write(routes.common, publisher, position, body, output)
        if let own = routes.own { write(own, publisher, position, body, output) }
    }

    private func write(
        _ list: RouteList, _ publisher: Int64, _ position: Int64, _ body: UnsafeBufferPointer<UInt8>, _ output: CoreOutput
    ) {
        let step = max(1, Self.headsAtOnce)
        for first in stride(from: 0, to: list.live.count, by: step) {
            output.withWriter { item.write(list.heads, first..<(first + step), body, into: &$0) }
        }
        for subscription in list.single {
            if subscription.options.mode == .feed {
                guard feeds.mayFollow(subscription, position, of: publisher, output) else { continue }
            }
            output.withWriter { item.write(to: subscription, body, into: &$0) }
        }
    }

    /// The link does not take deliveries now, or others wait before this one: feeds wait at their cursors, live ones in
    /// their buffer.
    private func hold(
        _ routes: Routes, _ publisher: Int64, _ position: Int64, _ isLate: Bool,
        _ body: UnsafeBufferPointer<UInt8>, _ output: CoreOutput
    ) {
        item.begin(epoch: state.epoch, position: position, isLate: isLate, publisher, in: state.publishers.directory)
        routes.forEach { list in
            for subscription in list.single where subscription.options.mode == .feed {
                if output.isCongested {
                    feeds.hold(subscription)
                } else if feeds.mayFollow(subscription, position, of: publisher, output) {
                    output.withWriter { item.write(to: subscription, body, into: &$0) }
                }
            }
        }
        if routes.hasLive { live.hold(publisher, position, isLate, body, output) }
    }

    /// The report may be one for which the server closes the stream: feeds come back to it, and live deliveries wait for
    /// a turn of their own.
    private func setApart(_ routes: Routes, _ publisher: Int64, _ position: Int64, _ output: CoreOutput) {
        routes.forEach { for subscription in $0.single where subscription.options.mode == .feed { feeds.hold(subscription) } }
        if routes.hasLive { live.putOnProbation(position, of: publisher, output) }
    }
}
