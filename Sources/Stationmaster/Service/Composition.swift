// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import InformationServices
import Logging
import StationCore
import StationStore
import XMPPCore

/// The composition root: store, domains, core and router, put together. What differs between service and
/// test – clock, random bytes, pool, outlet – comes in through the door.
public struct Composition {
    /// To be run by one thread.
    public let core: Core
    /// Takes what the link receives.
    public let network: NetworkSide

    /// Opens the store and loads the tables.
    public init(
        configuration: StationmasterConfiguration, clock: any CoreClock, random: any CoreRandom, pool: any WorkPool,
        inbox: Inbox, link: any ComponentOutlet, logger: Logger
    ) throws {
        let store = try StationStore(path: configuration.storePath) { pool.submit($0) }
        if store.cutBytes > 0 {
            logger.warning(
                "cut what was never acknowledged off the end of the log", metadata: ["bytes": "\(store.cutBytes)"])
        }
        let directory = StationDirectory()
        logger.info("store opened", metadata: ["path": "\(store.path)", "sqlite": "\(StationStore.libraryVersion)"])
        let information = InformationServices(
            store: store.information, domain: configuration.device.domain, configuration: configuration.information,
            directory: directory)
        var deviceConfiguration = configuration.device
        if let write = RevocationListFiles.writer(configuration.revocationLists, logger) {
            deviceConfiguration.revocation.write = write
        }
        let device = DeviceManagement(
            store: store.device, configuration: deviceConfiguration, directory: directory,
            nextSequence: { information.nextSequence($0) })
        let registry = store.device
        information.firmwareVersion = { try registry.station($0)?.firmwareVersion }
        let status = StatusCommand(
            domain: configuration.device.domain, storePath: configuration.storePath, store: store.device,
            roster: device.roster, information: information, clock: clock, isLinkReady: { link.isReady })
        var limits = configuration.core
        // Three quarters of the link's queue are kept for answers.
        limits.linkCongestedBytes = min(limits.linkCongestedBytes, configuration.component.queueBytes / 4)
        core = Core(
            domain: configuration.device.domain, store: store,
            modules: [information, device, TimelineCommands(store: store), status, StoreCare(store: store)],
            clock: clock, random: random, pool: pool, outlet: link, limits: limits, logger: logger,
            workDone: { inbox.append(control: [$0]) })
        try core.start()
        // What the start has read of the log it has checked itself.
        store.checkIndexes()
        let router = try Features.router(
            domain: configuration.device.domain, clock: clock, registry: core.registry, version: StationmasterService.version)
        network = NetworkSide(
            domain: configuration.device.domain, inbox: inbox, router: router, outlet: link, clock: clock,
            limits: configuration.core, logger: logger)
    }
}

/// The link as the composition sees it.
public protocol ComponentOutlet: StanzaOutlet {
    /// Whether the server has accepted us.
    var isReady: Bool { get }
}
