// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

/// Looks, for all ways in which items go out, whether the server closes the stream for one of them: what feeds, answers
/// and live deliveries send is told to ``PoisonWatch``, and those that are suspected get their turn, one at a time.
///
/// While nobody is suspected, all this costs a note of each item and a comparison.
final class Trials {
    private let state: InformationState
    let quarantine: Quarantine
    @exclusivity(unchecked) private var watch: PoisonWatch
    /// How often the link came up.
    private var links = 0
    /// The trial behind which the server was asked for a sign of life.
    private var asked: Int?
    /// Since when a suspect waits for a moment in which nothing else is under way.
    private var quietWanted: Timestamp?
    private var isQuietAsked = false
    /// Called when something that waited may be sent.
    private var waiting: [(CoreContext) throws -> Void] = []

    init(state: InformationState, quarantine: Quarantine) {
        self.state = state
        self.quarantine = quarantine
        let configuration = state.configuration
        watch = PoisonWatch(
            losses: configuration.poisonLosses, shortLife: configuration.poisonLife,
            pace: configuration.poisonPace, calm: configuration.poisonCalm,
            memory: configuration.poisonMemory)
    }

    /// Comes before those that send on a new link.
    func register(on core: inout CoreRegistry) {
        core.linkReady { [self] context in
            watch.linkReady(at: context.now)
            quietWanted = nil
            isQuietAsked = false
            links &+= 1
            look(links, context)
        }
        core.linkLost { [self] loss, context in
            guard let culprit = watch.linkLost(loss, at: context.now) else { return }
            try quarantine.setAside(culprit, context)
        }
    }

    /// Who has to wait for trials is called when the next one may go.
    func onTurn(_ body: @escaping (CoreContext) throws -> Void) { waiting.append(body) }

    /// While some items have to be sent alone: lets the next one go.
    private func look(_ link: Int, _ context: CoreContext) {
        guard link == links, watch.hasSuspects else { return }
        context.later(milliseconds: watch.pace) { [self] context in
            guard link == links else { return }
            look(link, context)
            confirm(context)
            if watch.tick(at: context.now) { try turn(context) }
        }
    }

    private func turn(_ context: CoreContext) throws {
        for body in waiting { try body(context) }
    }

    // MARK: - What is sent

    /// Whether anybody is suspected at all.
    var hasSuspects: Bool { watch.hasSuspects }

    /// Whether the item may only be sent alone.
    func isSuspect(_ position: Int64, of publisher: Int64) -> Bool { watch.isSuspect(position, of: publisher) }

    /// After so long, in milliseconds, a suspect goes out although others are under way.
    private static let patience: Int64 = 1000

    /// Whether the item may be sent now: it is not suspected, or has its turn.
    func maySend(_ position: Int64, of publisher: Int64, at now: Timestamp) -> Bool {
        guard watch.isSuspect(position, of: publisher) else { return true }
        guard watch.mayTry(position, at: now) else { return false }
        let isImpatient = quietWanted.map { now.milliseconds(since: $0) > Self.patience } ?? false
        if watch.isQuiet(at: now) || (isImpatient && watch.isAlive(at: now)) {
            quietWanted = nil
            return true
        }
        quietWanted = quietWanted ?? now
        return false
    }

    /// A live item is about to be written.
    @inline(__always)
    func sendingLive(_ position: Int64, of publisher: Int64, at now: Timestamp) {
        watch.sent(position, liveOf: publisher, at: now)
        if watch.isSuspect(position, of: publisher) { watch.tried(position, of: publisher, on: nil, at: now) }
    }

    /// An item of a feed or of an answer is about to be written.
    func sending(_ position: Int64, of publisher: Int64, on feed: ObjectIdentifier? = nil, at now: Timestamp) {
        watch.sent(position, at: now)
        if watch.isSuspect(position, of: publisher) { watch.tried(position, of: publisher, on: feed, at: now) }
    }

    // MARK: - Acquittal

    /// A feed has acknowledged all up to an item.
    func acknowledged(_ position: Int64, _ feed: ObjectIdentifier, _ context: CoreContext) throws {
        if watch.acknowledged(position, feed) { try turn(context) }
    }

    /// Asks the server for a sign of life behind the item that is on trial, or before the next one: a ping to our own
    /// domain, which comes back once everything before it was read.
    func confirm(_ context: CoreContext) {
        let now = context.now
        if let number = watch.trialNumber {
            guard asked != number else { return }
            asked = number
            ping(context) { [self] in $0 ? watch.outlived(number) : watch.unanswered(number) }
        } else if quietWanted != nil, !isQuietAsked {
            isQuietAsked = true
            ping(context) { [self] isAnswered in
                isQuietAsked = false
                // What goes out in the same batch may be behind the ping.
                if isAnswered { watch.read(until: now.adding(milliseconds: -1)) }
                return isAnswered
            }
        }
    }

    /// `done` is told whether an answer came, and says whether something that waited may be sent now.
    private func ping(_ context: CoreContext, _ done: @escaping (_ isAnswered: Bool) -> Bool) {
        let link = links
        context.request(.get, from: state.domain, to: state.domain, Element(Ping.payload)) { [self] answer, context in
            guard link == links, done(answer != nil) else { return }
            try turn(context)
        }
    }

    /// The same as soon as what was asked for in this request has been written.
    func confirmSoon(_ context: CoreContext) {
        guard watch.hasSuspects else { return }
        context.later(milliseconds: 0) { [self] in confirm($0) }
    }
}
