// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMPPCore

/// Hands stored reports to the subscriptions that match, after the commit.
final class FanOut {
    private let state: InformationState
    private let feeds: Feeds
    private var index = RouteIndex()

    init(state: InformationState, feeds: Feeds) {
        self.state = state
        self.feeds = feeds
    }

    /// Asks for the fan-out of a report; nothing at all if nobody subscribes to it.
    func stored(_ report: StoredReport, _ context: CoreContext) {
        guard !index.routes(report.publisher, report.serial, in: state).isEmpty else { return }
        context.afterCommit { [self] in deliver(report, to: $0) }
    }

    /// Grants and subscriptions are looked at again: what was revoked in the same batch is revoked.
    private func deliver(_ report: StoredReport, to output: CoreOutput) {
        let routes = index.routes(report.publisher, report.serial, in: state)
        guard !routes.isEmpty else { return }
        let domain = state.domain.description
        var item = PreparedItem(
            id: state.item(report.position), station: .station(report.serial), publisher: report.jid, body: report.body)
        for subscription in routes {
            if subscription.options.mode == .feed {
                guard feeds.mayFollow(subscription, report.position, output) else { continue }
            }
            output.withWriter { item.write(to: subscription, from: domain, into: &$0) }
        }
    }
}
