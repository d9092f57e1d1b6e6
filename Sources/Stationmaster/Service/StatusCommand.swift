// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import InformationServices
import StationCore
import StationJSON
import StationModel
import XMPPCore

/// The command `status`: how the component itself is.
final class StatusCommand: CoreModule {
    private let domain: JID
    private let storePath: String
    private let store: any DeviceStore
    private let roster: StationRoster
    private let information: InformationServices
    private let started: Timestamp
    private let isLinkReady: @Sendable () -> Bool

    init(
        domain: JID, storePath: String, store: any DeviceStore, roster: StationRoster,
        information: InformationServices, clock: any CoreClock,
        isLinkReady: @escaping @Sendable () -> Bool
    ) {
        self.domain = domain
        self.storePath = storePath
        self.store = store
        self.roster = roster
        self.information = information
        self.isLinkReady = isLinkReady
        started = clock.now()
    }

    func load() throws {}

    func register(on core: inout CoreRegistry) {
        core.command("status") { [self] _, context in
            let counts = try store.stationCounts().sorted { $0.key.rawValue < $1.key.rawValue }
            return .object([
                .init("version", .string(StationmasterService.version)), .init("domain", .string(domain.description)),
                .init("link", .string(isLinkReady() ? "ready" : "connecting")),
                .init("stations", .object(counts.map { .init($0.key.rawValue, .integer(Int64($0.value))) })),
                .init("online", .integer(Int64(roster.onlineCount))),
                .init("reports", .integer(Int64(information.reportCount))),
                .init("subscriptions", .integer(Int64(information.subscriptionCount))),
                .init("dropped", .integer(information.droppedCount)),
                .init("quarantined", .integer(Int64(information.quarantinedCount))),
                .init("waitingBytes", .integer(Int64(information.waitingBytes))),
                .init("ignoredAnswers", .integer(context.ignoredAnswers)),
                .init("clockLeap", .integer(context.clockLeapMilliseconds / 1000)),
                .init("uptime", .number(context.now.seconds - started.seconds)),
                .init("pid", .integer(Int64(getpid()))), .init("store", .string(storePath)),
            ])
        }
    }
}
