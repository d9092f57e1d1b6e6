// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// What becomes of live deliveries that the link does not take: they wait, bounded in bytes, the oldest are dropped, and
/// each subscriber is told how many it lost.
final class LiveDelivery {
    let state: InformationState
    let trials: Trials
    /// What waits for a turn of its own.
    @exclusivity(unchecked) var probation = LiveProbation()
    private var item: ItemWriter
    private var buffer: LiveBuffer
    /// Publishers of the reports in the chunk that is being filled, and which one that is: what a refused chunk held.
    @exclusivity(unchecked) private var unflushed: [Int64] = []
    @exclusivity(unchecked) private var chunk = 0
    /// Somebody has lost something and was not told yet.
    private var hasLosses = false
    /// Live deliveries dropped since the start.
    private(set) var droppedCount: Int64 = 0

    init(state: InformationState, trials: Trials) {
        self.state = state
        self.trials = trials
        item = ItemWriter(domain: state.domain.description)
        buffer = LiveBuffer(limit: state.configuration.liveBufferBytes)
    }

    /// Bytes that wait.
    var waitingBytes: Int { buffer.bytes }

    /// Whether a report has to wait behind others, even if the link takes deliveries.
    var isHolding: Bool { !buffer.isEmpty }

    // MARK: - What was written

    /// A report is about to be written to its live subscribers.
    @inline(__always)
    func writing(_ position: Int64, of publisher: Int64, _ output: CoreOutput) {
        note(publisher, output)
        trials.sendingLive(position, of: publisher, at: output.now)
    }

    /// What is in the chunk that is being filled is counted if the link does not take it.
    @inline(__always)
    func note(_ publisher: Int64, _ output: CoreOutput) {
        if output.chunks != chunk { chunkEnded(output) }
        unflushed.append(publisher)
    }

    /// Counts what was in a chunk that the link did not take.
    private func chunkEnded(_ output: CoreOutput) {
        if output.hasRefused(chunk) {
            for publisher in unflushed { lost(publisher) }
        }
        unflushed.removeAll(keepingCapacity: true)
        chunk = output.chunks
    }

    /// The live subscriptions that match a station's reports.
    var routes: (Int64) -> Routes = { _ in Routes(common: RouteList(), own: nil) }

    /// The live subscribers of the station have lost a report.
    func lost(_ publisher: Int64) {
        routes(publisher).forEach { list in
            for subscription in list.live { count(subscription) }
            for subscription in list.single where subscription.options.mode == .live { count(subscription) }
        }
    }

    private func count(_ subscription: Subscription) {
        subscription.lost &+= 1
        droppedCount &+= 1
        hasLosses = true
    }

    // MARK: - What waits

    /// Keeps a report until the link takes deliveries again.
    func hold(
        _ publisher: Int64, _ position: Int64, _ isLate: Bool, _ body: UnsafeBufferPointer<UInt8>, _ output: CoreOutput
    ) {
        if output.chunks != chunk { chunkEnded(output) }
        buffer.append(publisher: publisher, position: position, isLate: isLate, body: body, dropped: lost)
    }

    /// The link takes deliveries again: first what was lost is told, then what has waited is sent, for as long as it does, and
    /// some at a time, so that acknowledgements do not wait for it.
    ///
    /// - Returns: whether there is more that the link would take.
    func release(_ output: CoreOutput) -> Bool {
        output.flush()
        if output.chunks != chunk { chunkEnded(output) }
        if hasLosses, !output.isCongested { tellLosses(output) }
        let last = output.chunks &+ Self.chunksAtOnce
        var passes = 0
        while !buffer.isEmpty, !output.isCongested, output.chunks < last, passes < Self.passesAtOnce {
            passes += 1
            let first = output.chunks
            let refused = output.refusedChunks
            var apart: [LiveProbation.Place] = []
            let written = buffer.withOldest(Self.reportsAtOnce) { publisher, position, isLate, body in
                if isOnProbation(position, of: publisher) || apart.contains(where: { $0.publisher == publisher }) {
                    apart.append(LiveProbation.Place(position: position, publisher: publisher))
                } else {
                    write(publisher, position, isLate, body, output)
                }
                return output.chunks == first
            }
            output.flush()
            let refusals = output.refusedChunks &- refused
            if refusals > 0, refusals == output.chunks &- first { break }
            // Some of it may have gone out: at most once means that none of it goes out again.
            let positions = Set(apart.map(\.position))
            buffer.withOldest(refusals > 0 ? written : 0) { publisher, position, _, _ in
                if !positions.contains(position) { lost(publisher) }
                return true
            }
            buffer.removeFirst(written)
            for place in apart { putOnProbation(place.position, of: place.publisher, output) }
        }
        chunk = output.chunks
        return !buffer.isEmpty && !output.isCongested
    }

    /// How much is sent between two batches of the core: some milliseconds' work.
    private static let chunksAtOnce = 64
    /// What waits may be for nobody any more, and then makes no chunks.
    private static let passesAtOnce = 64

    /// How many reports are written at most before the link is looked at.
    private static let reportsAtOnce = 256

    /// Time has gone by: grants and subscriptions that began after the report was stored do not count.
    func write(
        _ publisher: Int64, _ position: Int64, _ isLate: Bool, _ body: UnsafeBufferPointer<UInt8>, _ output: CoreOutput
    ) {
        guard let serial = state.publishers.serial(publisher) else { return }
        trials.sendingLive(position, of: publisher, at: output.now)
        item.begin(epoch: state.epoch, position: position, isLate: isLate, publisher, in: state.publishers.directory)
        routes(publisher).forEach { list in
            for subscription in list.live + list.single where subscription.options.mode == .live {
                guard position > subscription.feed.cursor,
                    let since = state.grants[subscription.consumer].since(serial), position > since
                else { continue }
                output.withWriter { item.write(to: subscription, body, into: &$0) }
            }
        }
    }

    // MARK: - The notice

    /// `<message type='headline'><dropped count='3' node='all'/></message>` to each subscriber that has lost something.
    private func tellLosses(_ output: CoreOutput) {
        let losers = state.subscriptions.sorted { $0.lost > 0 && $0.options.mode == .live }
        for subscription in losers {
            let dropped = Element(
                XMLName("dropped", Namespaces.stationmaster),
                ["count": String(subscription.lost), "node": subscription.node.description])
            output.send(
                OutgoingStanza.message(type: "headline", from: state.domain, to: subscription.jid, [dropped]))
        }
        output.flush()
        guard output.isFlowing else { return }
        for subscription in losers { subscription.lost = 0 }
        hasLosses = false
    }
}
