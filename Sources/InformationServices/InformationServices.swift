// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationProtocol
import XMPPCore

/// The domain of information services: takes reports of installed stations, stores them, and delivers them to the
/// consumers that their owner has granted.
///
/// It learns of stations from domain events and keeps tables of its own; it never asks device management.
public final class InformationServices: CoreModule {
    private let state: InformationState
    private let ingest: Ingest
    private let progress: Progress
    private let retention: Retention
    private let fanOut: FanOut
    private let trials: Trials
    private let feeds: Feeds
    private let quarantine: Quarantine
    private let service: PubSubService
    private let twins: Twins
    private let discovery: NodeDiscovery
    private let grants: GrantCommands
    private let lists: ListCommands

    /// `domain` is the component's own address.
    /// `directory` is the one that the domains of this process share.
    public init(
        store: any InformationStore, domain: JID, configuration: InformationConfiguration,
        directory: StationDirectory = StationDirectory()
    ) {
        let state = InformationState(store: store, domain: domain, configuration: configuration, directory: directory)
        let quarantine = Quarantine(state: state)
        let trials = Trials(state: state, quarantine: quarantine)
        let feeds = Feeds(state: state, quarantine: quarantine, trials: trials)
        let fanOut = FanOut(state: state, feeds: feeds)
        let twins = Twins(state: state)
        self.state = state
        self.trials = trials
        self.feeds = feeds
        self.quarantine = quarantine
        self.fanOut = fanOut
        self.twins = twins
        ingest = Ingest(
            state: state,
            sinks: ReportSinks(
                stored: { report, context in
                    fanOut.stored(report, context)
                    twins.reported(report, context)
                },
                isWatched: { twins.isWatched($0) },
                fanOut: { fanOut.deliver(publisher: $0, position: $1, isLate: false, body: $2, to: $3) }))
        progress = Progress(state: state) { feeds.startWaiting($0) }
        retention = Retention(state: state)
        service = PubSubService(state: state, trials: trials) { feeds.restart($0, $1) }
        discovery = NodeDiscovery(state: state, service: service, twins: twins)
        grants = GrantCommands(state: state, twins: twins)
        lists = ListCommands(state: state)
    }

    public func load() throws {
        try state.load()
        try twins.load()
    }

    public func register(on core: inout CoreRegistry) {
        ingest.register(on: &core)
        progress.register(on: &core)
        retention.register(on: &core)
        trials.register(on: &core)
        feeds.register(on: &core)
        fanOut.register(on: &core)
        quarantine.register(on: &core)
        service.register(on: &core)
        twins.register(on: &core)
        discovery.register(on: &core)
        grants.register(on: &core)
        lists.register(on: &core)
        core.event { [self] in try happened($0, $1) }
        core.linkLost { [state] _, _ in state.publishers.forgetPresence() }
    }

    /// What service discovery is to say of the component besides the payloads (XEP-0060 §10).
    public static let features = [Namespaces.pubsub] + PubSub.features

    // MARK: - What others ask

    /// The number that the station's next report should have; 1 for a station that has never reported.
    public func nextSequence(_ serial: Serial) -> Int64 {
        state.publishers.publisher(serial)?.nextSequence ?? 1
    }

    /// Whether the owner has granted this consumer (any of its JIDs) the station.
    public func mayObserve(consumer: JID, serial: Serial) -> Bool { state.mayObserve(consumer.bare, serial) }

    /// Reports stored since the start.
    public var reportCount: Int64 { state.reports }

    /// Live deliveries that subscribers have lost since the start, because the link did not take them.
    public var droppedCount: Int64 { fanOut.liveCount.dropped }

    /// Items that are not sent any more, since the server closed the stream for them.
    public var quarantinedCount: Int { state.quarantine.count }

    /// Bytes of reports that wait for a congested link.
    public var waitingBytes: Int { fanOut.liveCount.waiting }

    /// Subscriptions that there are now.
    public var subscriptionCount: Int { state.subscriptions.count }

    /// Answers which firmware a station runs, for people who ask its twin (XEP-0092).
    public var firmwareVersion: (Serial) throws -> String? {
        get { twins.firmwareVersion }
        set { twins.firmwareVersion = newValue }
    }

    // MARK: - What device management tells

    private func happened(_ event: DomainEvent, _ context: CoreContext) throws {
        switch event {
        case .installed(let serial, let jid, _): try installed(serial, jid.bare, context)
        case .online(let serial, _): try presence(.online, of: serial, context)
        case .offline(let serial, _): try presence(.offline, of: serial, context)
        case .revoked(let serial): try setState(.revoked, of: serial, context)
        case .retired(let serial): try setState(.retired, of: serial, context)
        case .quarantined(let serial, _): try setState(.suspended, of: serial, context)
        case .ready, .keyBound, .finding, .sequenceForked, .poisonous, .reportSummary: break
        }
    }

    /// A new publisher, or a known one with a new address; either may report from now on.
    ///
    /// Here as in ``setState(_:of:_:)`` the row is written even if memory says the same already: memory may be
    /// ahead of the store, if another domain has undone the request that wrote it.
    private func installed(_ serial: Serial, _ jid: JID, _ context: CoreContext) throws {
        let old = state.publishers.publisher(serial)?.record
        guard let number = old?.number ?? state.publishers.numberForNew(serial, jid) else {
            throw StanzaError(.resourceConstraint, "no station more can be taken")
        }
        var record = old ?? PublisherRecord(number: number, serial: serial, jid: jid)
        record.jid = jid
        record.state = .active
        try state.store.put(record)
        state.publishers.put(record)
        if let old, old.state != .active { try twins.stateChanged(record.number, context) }
    }

    private func presence(_ presence: Publisher.Presence, of serial: Serial, _ context: CoreContext) throws {
        guard let number = state.publishers.number(of: serial) else { return }
        state.publishers.setPresence(presence, of: number)
        try twins.changed(number, context)
    }

    private func setState(_ new: PublisherState, of serial: Serial, _ context: CoreContext) throws {
        guard var record = state.publishers.publisher(serial)?.record else { return }
        let isNew = record.state != new
        record.state = new
        try state.store.put(record)
        state.publishers.put(record)
        if isNew { try twins.stateChanged(record.number, context) }
    }
}
