// SPDX-License-Identifier: Apache-2.0
import CStationMemory
import Logging
import NIOPosix
import ServiceLifecycle
import StationCore
import Synchronization
import XMPPComponent

/// The whole component as a service: attach it to a server with ``run()``.
///
/// ```swift
/// let configuration = try StationmasterConfiguration.load(path: "stationmaster.yaml", environment: [:])
/// let service = try StationmasterService(configuration: configuration, logger: Logger(label: "stations"))
/// try await service.run()
/// ```
public final class StationmasterService: Service {
    /// The version, as XEP-0092 and `--version` tell it.
    public static let version = "0.1.0"

    private let configuration: StationmasterConfiguration
    private let logger: Logger
    private let inbox: Inbox
    private let link: ComponentLink
    private let thread: CoreThread
    private let threads: NIOThreadPool
    private let pool: ThreadedPool
    private let group: MultiThreadedEventLoopGroup
    private let control: ControlSocket?

    /// Opens the store and loads the tables; nothing is sent or received before ``run()``.
    ///
    /// Throws ``StationStore/StoreError`` if the store is locked by another process or damaged.
    public init(configuration: StationmasterConfiguration, logger: Logger) throws {
        station_memory_policy()
        self.configuration = configuration
        self.logger = logger
        let inbox = Inbox(limits: configuration.core)
        self.inbox = inbox
        let threads = NIOThreadPool(numberOfThreads: 2)
        self.threads = threads
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let pool = ThreadedPool(threads: threads)
        self.pool = pool
        let outlet = LinkOutlet()
        let composition = try Composition(
            configuration: configuration, clock: WallClock(), random: SystemRandom(),
            pool: pool, inbox: inbox, link: outlet, logger: logger)
        link = ComponentLink(
            configuration: configuration.component, delegate: composition.network, logger: logger, group: group)
        outlet.attach(link)
        let stopper = Stopper()
        self.stopper = stopper
        thread = CoreThread(
            core: composition.core, inbox: inbox, logger: logger, onFailure: { stopper.stop($0) })
        control = configuration.controlSocket.map {
            ControlSocket(path: $0, inbox: inbox, group: group, logger: logger)
        }
    }

    private let stopper: Stopper

    /// How long what was taken may take to be stored at the end. What is not done then was not acknowledged.
    private static let drainSeconds = 10.0

    /// Runs until it is told to shut down: then it takes nothing more, finishes and commits what it has taken, writes the
    /// answers, and closes, each with a deadline. When its task is cancelled the link closes first. Throws if the store
    /// fails: then nothing that was not acknowledged is known to be stored.
    public func run() async throws {
        pool.start()
        thread.start()
        try await control?.start()
        logger.info("running", metadata: ["domain": "\(configuration.component.domain)"])
        let error = await withTaskGroup(of: (any Error)?.self) { tasks in
            tasks.addTask { [link] in
                do {
                    try await link.run()
                    return nil
                } catch is CancellationError { return nil } catch { return error }
            }
            tasks.addTask { [stopper] in await stopper.wait() }
            tasks.addTask {
                try? await gracefulShutdown()
                return nil
            }
            let first = await tasks.next() ?? nil
            await control?.stop()
            if !thread.stop(within: Self.drainSeconds) { logger.error("what was taken was not stored in time") }
            await link.shutdown()
            tasks.cancelAll()
            return first
        }
        try? await threads.shutdownGracefully()
        try? await group.shutdownGracefully()
        logger.info("stopped")
        if let error { throw error }
    }
}

/// The link, which is made after those who send through it.
private final class LinkOutlet: ComponentOutlet {
    private let link = Mutex<ComponentLink?>(nil)
    var isReady: Bool { link.withLock { $0 }?.isReady ?? false }
    var pendingBytes: Int { link.withLock { $0 }?.pendingBytes ?? 0 }
    func attach(_ made: ComponentLink) { link.withLock { $0 = made } }
    func deliver(_ stanzas: [UInt8]) -> Bool { link.withLock { $0 }?.send(stanzas) ?? false }
    func deliver(_ stanzas: [UInt8], over generation: Int) -> Bool {
        link.withLock { $0 }?.send(stanzas, over: generation) ?? false
    }
}

/// Ends the service from the core thread.
private final class Stopper: Sendable {
    private let stream: AsyncStream<any Error>
    private let continuation: AsyncStream<any Error>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func stop(_ error: any Error) {
        continuation.yield(error)
        continuation.finish()
    }

    func wait() async -> (any Error)? {
        for await error in stream { return error }
        return nil
    }
}
