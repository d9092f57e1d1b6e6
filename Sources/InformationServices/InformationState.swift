// SPDX-License-Identifier: Apache-2.0
import Governance
import StationCore
import StationModel
import XMPPCore

/// The tables that the parts of information services share. They are loaded at start and changed with the
/// transactions; on the core thread only.
final class InformationState {
    let store: any InformationStore
    /// The component's own address.
    let domain: JID
    let configuration: InformationConfiguration
    var epoch: Int64 = 1
    @exclusivity(unchecked) var publishers: PublisherTable
    @exclusivity(unchecked) var grants = GrantTable()
    @exclusivity(unchecked) var subscriptions = SubscriptionTable()
    /// Items that are not sent any more, by position.
    @exclusivity(unchecked) var quarantine: [Int64: QuarantineRecord] = [:]
    /// Reports stored since the start.
    @exclusivity(unchecked) var reports: Int64 = 0

    var log: any ReportLog { store.log }
    /// ``InformationConfiguration/refusalMemory`` in milliseconds.
    let refusalMilliseconds: Int64

    init(
        store: any InformationStore, domain: JID, configuration: InformationConfiguration, directory: StationDirectory
    ) {
        publishers = PublisherTable(directory: directory)
        self.store = store
        refusalMilliseconds = Timestamp(milliseconds: 0).adding(configuration.refusalMemory).milliseconds
        self.domain = domain
        self.configuration = configuration
    }

    func load() throws {
        epoch = try store.epoch()
        publishers.reserve(Int(clamping: try store.lastPublisher()))
        try store.eachPublisher { try publishers.load($0) }
        for progress in try log.progress(after: try store.progressPosition()) {
            publishers.stored(
                progress.publisher, sequence: progress.lastSequence, position: progress.lastPosition,
                at: progress.lastReport)
        }
        for grant in try store.grants() {
            grants.add(grant, to: try JID(grant.consumer))
        }
        for record in try store.quarantine() { quarantine[record.position] = record }
        for record in try store.subscriptions() { subscriptions.add(Subscription(record)) }
    }

    /// The report at a position; nil if there is none, also if it cannot be read now, or not any more.
    func readableEntry(at position: Int64) throws -> LogEntry? {
        do { return try log.entry(at: position) } catch is StoreDamage { return nil } catch is StoreBusy { return nil }
    }

    /// Whether a consumer (its bare JID) may see a station.
    func mayObserve(_ consumer: JID, _ serial: Serial) -> Bool { grants[consumer].since(serial) != nil }

    /// The id of the item at a position.
    func item(_ position: Int64) -> String { ItemIdentifier(epoch: epoch, position: position).description }
}

extension StanzaError {
    /// The one refusal, whatever the reason: who may not, learns nothing of why.
    static var notAllowed: StanzaError { StanzaError(.forbidden, "not allowed") }
}
