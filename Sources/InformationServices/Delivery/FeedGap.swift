// SPDX-License-Identifier: Apache-2.0
import StationCore
import XMLStream
import XMPPCore

/// Reports that retention has given up before a feed could deliver them, or that cannot be read any more.
///
/// The consumer is told in the place of the items, each time the feed goes on from a cursor before the gap; once it
/// acknowledges an item behind the gap, the cursor is behind it too.
struct FeedGap {
    /// The last position that was sent or acknowledged; 0 if there is none.
    let after: Int64
    /// The first position behind the gap.
    let before: Int64

    /// The notice: `<gap after=… before=…/>` with the ids of items, either end not included.
    func write(to subscription: Subscription, in state: InformationState, into writer: inout XMLWriter) {
        guard let taker = subscription.feed.taker else { return }
        let end = state.item(before)
        writer.start("message", namespace: nil)
        writer.attribute("from", state.domain.description)
        writer.attribute("to", taker.description)
        writer.attribute("type", "normal")
        writer.attribute("id", "gap-" + end)
        writer.start("gap", namespace: Namespaces.stationmaster)
        if after > 0 { writer.attribute("after", state.item(after)) }
        writer.attribute("before", end)
        writer.end()
        writer.raw(subscription.feedTail())
        writer.end()
    }
}

extension LogReader {
    /// What was given up of the part of the log that a feed has before it; nil if nothing was.
    func gap(before subscription: Subscription) throws -> FeedGap? {
        let first = try state.log.firstPosition()
        let sent = subscription.feed.sent
        guard first &- 1 > sent else { return nil }
        return FeedGap(after: sent, before: first)
    }
}
