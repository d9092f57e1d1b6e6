// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMPPCore

/// Hands stored reports to the subscriptions that match, after the commit.
final class FanOut {
    private let state: InformationState
    private let feeds: Feeds
    @exclusivity(unchecked) private var index = RouteIndex()
    @exclusivity(unchecked) private var item: ItemWriter

    init(state: InformationState, feeds: Feeds) {
        self.state = state
        self.feeds = feeds
        item = ItemWriter(domain: state.domain.description)
    }

    /// Asks for the fan-out of a report; nothing at all if nobody subscribes to it.
    func stored(_ report: StoredReport, _ context: CoreContext) {
        guard matches(report.publisher) else { return }
        context.afterCommit { [self] output in
            report.body.withUnsafeBufferPointer {
                deliver(publisher: report.publisher, position: report.position, body: $0, to: output)
            }
        }
    }

    /// Whether anybody subscribes to reports of this station.
    func matches(_ publisher: Int64) -> Bool { !index.routes(publisher, in: state).isEmpty }

    /// How many copies are written between two looks at whether the output is to be handed on.
    private static let headsAtOnce = 128

    /// Grants and subscriptions are looked at after the commit: what was revoked in the same batch is revoked.
    func deliver(publisher: Int64, position: Int64, body: UnsafeBufferPointer<UInt8>, to output: CoreOutput) {
        let routes = index.routes(publisher, in: state)
        guard !routes.isEmpty else { return }
        item.begin(epoch: state.epoch, position: position, publisher, in: state.publishers.directory)
        let step = max(1, Self.headsAtOnce)
        for first in stride(from: 0, to: routes.live.count, by: step) {
            output.withWriter { item.write(routes.heads, first..<(first + step), body, into: &$0) }
        }
        for subscription in routes.single {
            if subscription.options.mode == .feed {
                guard feeds.mayFollow(subscription, position, output) else { continue }
            }
            output.withWriter { item.write(to: subscription, body, into: &$0) }
        }
    }
}
