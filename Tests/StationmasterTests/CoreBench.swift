// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import StationCore
import StationJSON
import StationModel
import StationStore
import StationTesting
import Synchronization
import XMPPCore

/// A core alone, over a real store, with a module whose commands the test writes.
final class CoreBench {
    let clock: VirtualClock
    let outlet = MemoryOutlet()
    let pool = ManualPool()
    let disk: SlowStore
    let core: Core
    /// Batches so far.
    private(set) var batches = 0
    private let folder: URL

    init(
        clock: VirtualClock = VirtualClock(), limits: CoreLimits = CoreLimits(),
        _ register: @escaping (inout CoreRegistry) -> Void
    ) throws {
        self.clock = clock
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("core-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try StationStore(path: folder.appendingPathComponent("store.sqlite").path)
        disk = SlowStore(store)
        var logger = Logger(label: "core")
        logger.logLevel = .critical
        core = Core(
            domain: try JID("devices.localhost"), store: disk, modules: [Scripted(script: register), TimelineCommands(store: disk)], clock: clock,
            random: SeededRandom(seed: 1), pool: pool, outlet: outlet, limits: limits, logger: logger, workDone: { _ in })
        try core.start()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func process(_ requests: CoreRequest...) throws {
        batches += 1
        try core.process(requests)
    }

    static func command(
        _ name: String, _ reply: @escaping @Sendable (Result<JSON, CommandError>) -> Void = { _ in }
    ) throws -> CoreRequest {
        .command(name: name, arguments: try JSONDocument("{}"), reply: reply)
    }

    /// Lets the time go by as the core's thread does: it wakes up when it wants to.
    func pass(milliseconds: Int64, _ move: (VirtualClock, Int64) -> Void = { $0.advance(milliseconds: $1) }) throws {
        var left = milliseconds
        while let wake = core.nextWake, case let wait = CoreBench.milliseconds(wake), wait <= left {
            move(clock, wait)
            left -= wait
            try process()
        }
        move(clock, left)
        try process()
    }

    private static func milliseconds(_ wait: Duration) -> Int64 { Int64((wait / .milliseconds(1)).rounded(.up)) }
}

private final class Scripted: CoreModule {
    private let script: (inout CoreRegistry) -> Void
    init(script: @escaping (inout CoreRegistry) -> Void) { self.script = script }
    func load() throws {}
    func register(on core: inout CoreRegistry) { script(&core) }
}

/// What happened, in its order.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])
    var all: [String] { notes.withLock { $0 } }
    func add(_ note: String) { notes.withLock { $0.append(note) } }
}
