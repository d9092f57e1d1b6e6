// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import Logging
import NIOPosix
import StationCore
import StationJSON
import StationModel
import StationProtocol
import StationStore
import StationTesting
@testable import Stationmaster
import Synchronization
import XMLStream
import XMPPComponent
import XMPPCore
import XMPPTransport

/// Network side, inbox, core and information services over a real store, with a server and a disk as slow as the test
/// wants them. By hand, or on a thread of its own as in service.
final class FlowBench {
    static let domain = "devices.localhost"
    let clock: any CoreClock
    let outlet = SlowOutlet()
    /// A link over a socket in the place of ``outlet``.
    private let link: LinkedOutlet?
    let inbox: Inbox
    let services: InformationServices
    let network: NetworkSide
    let disk: SlowStore
    let fleet = Fleet()
    private let core: Core
    private let folder: URL
    private let parser = XMLStreamParser()
    private let reader = XMLStreamParser()
    private let logger: Logger

    static let header = Array(
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)

    init(
        clock: any CoreClock = VirtualClock(), limits: CoreLimits = CoreLimits(), isLinked: Bool = false,
        _ configure: (inout InformationConfiguration) -> Void = { _ in }
    ) throws {
        self.clock = clock
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = InformationConfiguration()
        configure(&configuration)
        var logger = Logger(label: "flow")
        logger.logLevel = .critical
        self.logger = logger
        let domain = try JID(Self.domain)
        let link = isLinked ? LinkedOutlet() : nil
        self.link = link
        let outlet: any ComponentOutlet = link ?? outlet
        let store = try StationStore(path: folder.appendingPathComponent("store.sqlite").path)
        disk = SlowStore(store)
        services = InformationServices(store: store.information, domain: domain, configuration: configuration)
        inbox = Inbox(limits: limits)
        core = Core(
            domain: domain, store: disk, modules: [fleet, services], clock: clock, random: SeededRandom(seed: 1), pool: ManualPool(),
            outlet: outlet, limits: limits, logger: logger, workDone: { _ in })
        try core.start()
        let router = try Features.router(domain: domain, clock: clock, registry: core.registry, version: "1")
        network = NetworkSide(
            domain: domain, inbox: inbox, router: router, outlet: outlet, clock: clock, limits: limits, logger: logger)
        _ = try parser.feed(Self.header)
        _ = try reader.feed(Self.header)
        if !isLinked { network.componentReady(0) }
        pump()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    // MARK: - By hand

    /// The core does what there is to do, in batches as in service.
    func pump() {
        while let batch = inbox.take(within: .zero), !batch.isEmpty { process(batch) }
        var rounds = 0
        while let wake = core.nextWake, wake <= .zero, rounds < 10_000 {
            process([])
            rounds += 1
        }
    }

    /// One batch.
    func step() {
        if let batch = inbox.take(within: .zero) { process(batch) }
    }

    private func process(_ batch: [CoreRequest]) {
        do { try core.process(batch) } catch { logger.critical("the store has failed", metadata: ["error": "\(error)"]) }
    }

    /// Stanzas from the server; the core does not run.
    func arrive(_ xml: String) throws {
        for case .stanzas(let batch) in try parser.feed(Array(xml.utf8)) { network.componentReceived(batch) }
    }

    /// Stanzas from the server, and what follows from them.
    func receive(_ xml: String) throws {
        try arrive(xml)
        pump()
    }

    /// What the server has taken since the last call.
    func sent() throws -> [Element] {
        var stanzas: [Element] = []
        for case .stanzas(let batch) in try reader.feed(outlet.take()) { stanzas += batch.map(\.element) }
        return stanzas
    }

    /// A command of the operator.
    func command(_ name: String, _ arguments: JSON = .object([JSON.Member]())) throws -> JSON {
        let result = Mutex<Result<JSON, CommandError>?>(nil)
        inbox.append(command: name, try JSONDocument(arguments.serialized())) { answer in result.withLock { $0 = answer } }
        pump()
        return try result.withLock { $0 ?? .failure(CommandError("timeout", "no answer")) }.get()
    }

    /// Subscribes and returns the subid.
    func subscribe(_ jid: String, _ node: String = "all", mode: String = "live", window: Int = 1000) throws -> String {
        try receive(
            """
            <iq type='set' id='sub' from='\(jid)/x' to='\(Self.domain)'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
            <subscribe node='\(node)' jid='\(jid)'/><options><x xmlns='jabber:x:data' type='submit'>\
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#subscribe_options</value></field>\
            <field var='stationmaster#mode'><value>\(mode)</value></field>\
            <field var='stationmaster#window'><value>\(window)</value></field></x></options></pubsub></iq>
            """)
        let answer = try sent().first { $0["id"] == "sub" }
        guard let subid = answer?.elements.first?.elements.first?["subid"] else {
            throw CommandError("refused", "\(String(describing: answer))")
        }
        if mode == "feed" {
            try receive(
                "<iq type='set' id='q' from='\(jid)/x' to='\(Self.domain)'><resume xmlns='urn:stationmaster:1'>"
                    + "<json xmlns='urn:xmpp:json:0'>{\"subid\":\"\(subid)\"}</json></resume></iq>")
            _ = try sent()
        }
        return subid
    }

    static func report(_ station: Int, _ seq: Int) -> String {
        "<iq type='set' id='\(station)-\(seq)' from='wx-\(station)@stations.localhost/agent' to='\(domain)'>"
            + "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{\"seq\":\(seq),\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":21.5}]}</json></report></iq>"
    }

    // MARK: - As in service

    /// Hands the core to a thread; nothing of it may be used by hand any more.
    func run() -> CoreThread {
        nonisolated(unsafe) let core = core
        let thread = CoreThread(core: core, inbox: inbox, logger: logger, onFailure: { _ in })
        thread.start()
        return thread
    }

    /// Attaches to a server on this machine.
    func connect(to port: Int) -> ComponentLink {
        var configuration = ComponentConfiguration(domain: Self.domain, secret: "secret", port: port)
        configuration.backoff = Backoff(shortest: .milliseconds(20), longest: .milliseconds(100))
        let made = ComponentLink(
            configuration: configuration, delegate: network, logger: logger, group: MultiThreadedEventLoopGroup.singleton)
        link?.attach(made)
        return made
    }
}

/// A link that is made after the core.
final class LinkedOutlet: ComponentOutlet {
    private let link = Mutex<ComponentLink?>(nil)

    var isReady: Bool { link.withLock { $0 }?.isReady ?? false }
    var pendingBytes: Int { link.withLock { $0 }?.pendingBytes ?? 0 }
    func attach(_ made: ComponentLink) { link.withLock { $0 = made } }
    func deliver(_ stanzas: [UInt8]) -> Bool { link.withLock { $0 }?.send(stanzas) ?? false }
    func deliver(_ stanzas: [UInt8], over generation: Int) -> Bool {
        link.withLock { $0 }?.send(stanzas, over: generation) ?? false
    }
}

/// A server that takes as much as the test lets it.
final class SlowOutlet: ComponentOutlet {
    private struct State {
        var bytes: [UInt8] = []
        var isUp = true
        var capacity = 256 << 20
        var most = 0
        var refused = 0
    }
    private let state = Mutex(State())

    var isReady: Bool { state.withLock { $0.isUp } }
    var pendingBytes: Int { state.withLock { $0.bytes.count } }
    /// The most that has ever waited.
    var most: Int { state.withLock { $0.most } }
    /// Chunks refused.
    var refused: Int { state.withLock { $0.refused } }

    func set(up: Bool) { state.withLock { $0.isUp = up } }
    func set(capacity: Int) { state.withLock { $0.capacity = capacity } }

    func deliver(_ stanzas: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.isUp, state.bytes.count + stanzas.count <= state.capacity else {
                state.refused += 1
                return false
            }
            state.bytes += stanzas
            state.most = max(state.most, state.bytes.count)
            return true
        }
    }

    /// All that waits is written.
    func take() -> [UInt8] {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.bytes
        }
    }
}

/// A store whose commits take long.
final class SlowStore: CoreStore {
    private let store: StationStore
    private let delay = Atomic<Int>(0)
    private let hasFailed = Atomic<Bool>(false)
    /// The disk is gone.
    struct Failure: Error {}

    init(_ store: StationStore) { self.store = store }

    /// From now on every savepoint fails.
    func failSavepoints() { hasFailed.store(true, ordering: .relaxed) }

    /// How long a sync takes.
    func set(microseconds: Int) { delay.store(microseconds, ordering: .relaxed) }

    func transaction(_ body: () throws -> Void) throws {
        try store.transaction {
            try body()
            let delay = delay.load(ordering: .relaxed)
            if delay > 0 { usleep(UInt32(delay)) }
        }
    }

    func savepoint(_ body: () throws -> Void) throws {
        if hasFailed.load(ordering: .relaxed) { throw Failure() }
        try store.savepoint(body)
    }

    func isFailure(_ error: any Error) -> Bool { error is Failure || store.isFailure(error) }
    func takeNotices() -> [StoreNotice] { store.takeNotices() }
    func close() throws { try store.close() }
    func setTimer(_ timer: TimerRow) throws { try store.setTimer(timer) }
    func clearTimer(name: String, key: String) throws { try store.clearTimer(name: name, key: key) }
    func dueTimers(at now: Timestamp, limit: Int) throws -> [TimerRow] { try store.dueTimers(at: now, limit: limit) }
    func nextTimer() throws -> Timestamp? { try store.nextTimer() }
    func appendJournal(_ entry: JournalEntry) throws { try store.appendJournal(entry) }
    func journal(of serial: Serial, limit: Int) throws -> [JournalEntry] { try store.journal(of: serial, limit: limit) }
    func lastAudit() throws -> AuditEntry? { try store.lastAudit() }
    func appendAudit(_ entry: AuditEntry) throws { try store.appendAudit(entry) }
    func audit(after sequence: Int64, limit: Int) throws -> [AuditEntry] { try store.audit(after: sequence, limit: limit) }
}

/// Device management's part: installs and revokes stations, and sees presence.
final class Fleet: CoreModule {
    /// Presence stanzas that the core has handled.
    let presences = Atomic<Int>(0)

    func load() throws {}

    func register(on core: inout CoreRegistry) {
        core.command("fleet.install") { arguments, context in
            for number in 1...max(1, Int(clamping: try arguments.require("count").requireInt64(in: 1...100_000))) {
                context.emit(
                    .installed(
                        serial: try Serial("WX-\(number)"), jid: try JID("wx-\(number)@stations.localhost"), owner: "owner"))
            }
            return .null
        }
        core.command("station.revoke") { arguments, context in
            context.emit(.revoked(serial: try Serial(try arguments.require("serial").requireString())))
            return .null
        }
        core.presence { [self] _, _ in presences.add(1, ordering: .relaxed) }
    }
}
