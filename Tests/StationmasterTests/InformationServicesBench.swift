// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import Logging
import StationCore
import StationJSON
import StationModel
import StationProtocol
import StationStore
import StationTesting
import Synchronization
import XMLStream
import XMPPCore

/// Information services alone: a real store in a folder of its own, a core driven by hand, and the test in the places
/// of device management and of the XMPP server.
final class InformationBench {
    static let domain = "devices.localhost"
    let clock = VirtualClock()
    let outlet = MemoryOutlet()
    let pool = ManualPool()
    let folder: URL
    let configuration: InformationConfiguration
    private let segmentBytes: Int
    private(set) var services: InformationServices
    private(set) var core: Core
    private let events = EventSource()
    private var restarts: UInt64 = 0
    private let logger: Logger
    /// What the store does beside the batches once it is paced.
    let background = WaitingWork()
    /// What the operator was told.
    let record = LogRecord()

    /// `segmentBytes`: how large a segment of the log grows. `isLinked`: whether the link comes up at once.
    init(segmentBytes: Int = 64 << 20, isLinked: Bool = true, _ configure: (inout InformationConfiguration) -> Void = { _ in }) throws {
        self.segmentBytes = segmentBytes
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("information-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = InformationConfiguration()
        configure(&configuration)
        self.configuration = configuration
        logger = record.logger("bench", level: .error)
        (services, core) = try Self.assemble(folder, segmentBytes, configuration, clock, outlet, pool, events, 1, logger)
        if isLinked { try process([.linkReady(generation: outlet.generation)]) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func assemble(
        _ folder: URL, _ segmentBytes: Int, _ configuration: InformationConfiguration, _ clock: VirtualClock, _ outlet: MemoryOutlet,
        _ pool: ManualPool, _ events: EventSource, _ seed: UInt64, _ logger: Logger, _ background: WaitingWork? = nil
    ) throws -> (InformationServices, Core) {
        let store = try StationStore(path: folder.appendingPathComponent("store.sqlite").path, segmentBytes: segmentBytes) {
            background?.append($0) ?? $0()
        }
        let services = InformationServices(
            store: store.information, domain: try JID(domain), configuration: configuration)
        let core = Core(
            domain: try JID(domain), store: store, modules: [events, services, TimelineCommands(store: store)], clock: clock,
            random: SeededRandom(seed: seed), pool: pool, outlet: outlet, logger: logger, workDone: { _ in })
        try core.start()
        if background != nil { store.checkIndexes() }
        return (services, core)
    }

    /// The process dies and starts again: memory is gone, the store stays.
    ///
    /// - Parameter isPaced: whether the store does from now on what takes long in ``background``.
    func restart(isPaced: Bool = false) throws {
        _ = outlet.take()
        restarts += 1
        // The store's lock goes with the old core.
        let placeholder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "information-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: placeholder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: placeholder) }
        (services, core) = try Self.assemble(placeholder, segmentBytes, configuration, clock, outlet, pool, events, 1, logger)
        (services, core) = try Self.assemble(
            folder, segmentBytes, configuration, clock, outlet, pool, events, 1 + restarts, logger,
            isPaced ? background : nil)
        try process([.linkReady(generation: outlet.generation)])
    }

    // MARK: - Driving

    /// One batch, and whatever is due at once because of it.
    func process(_ requests: [CoreRequest]) throws {
        try core.process(requests)
        try settle()
    }

    func settle() throws {
        var rounds = 0
        while let wake = core.nextWake, wake <= .zero, rounds < 10_000 {
            try core.process([])
            rounds += 1
        }
    }

    func advance(seconds: Double) throws {
        let end = clock.now().milliseconds + Int64(seconds * 1000)
        while let wake = core.nextWake, case let due = clock.now().adding(wake).milliseconds, due <= end {
            clock.set(milliseconds: due)
            try core.process([])
        }
        clock.set(milliseconds: end)
        try settle()
    }

    /// `requests` are in the same batch, before the event.
    func emit(_ event: DomainEvent, after requests: [CoreRequest] = []) throws {
        events.waiting.append(event)
        _ = try command("test.emit", after: requests)
    }

    /// Installs a station and returns the full JID from which it reports.
    @discardableResult
    func install(_ serial: String) throws -> String {
        let jid = "\(serial.lowercased())@stations.localhost"
        try emit(.installed(serial: try Serial(serial), jid: try JID(jid), owner: "owner"))
        return jid + "/agent"
    }

    func grant(_ consumer: String, _ station: String) throws {
        _ = try command("grant.add", .object(["consumer": .string(consumer), "station": .string(station)]))
    }

    func revoke(_ consumer: String, _ station: String) throws {
        _ = try command("grant.remove", .object(["consumer": .string(consumer), "station": .string(station)]))
    }

    func command(
        _ name: String, _ arguments: JSON = .object([] as [JSON.Member]), after requests: [CoreRequest] = []
    ) throws -> JSON {
        let result = Mutex<Result<JSON, CommandError>?>(nil)
        try process(requests + [
            .command(name: name, arguments: try JSONDocument(arguments.serialized())) { answer in
                result.withLock { $0 = answer }
            }
        ])
        return try result.withLock { $0 ?? .failure(CommandError("timeout", "no answer")) }.get()
    }

    // MARK: - Stanzas

    static func stanza(_ xml: String) throws -> CoreRequest {
        var bytes = Array("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)
        bytes += Array(xml.utf8)
        let parser = XMLStreamParser()
        for event in try parser.feed(bytes) {
            if case .stanzas(let batch) = event { return .stanza(try Stanza(batch[0])) }
        }
        throw CommandError("bad-request", "no stanza in \(xml)")
    }

    /// All stanzas in one batch.
    func receive(_ stanzas: String...) throws { try process(stanzas.map { try Self.stanza($0) }) }

    /// What the component has sent since the last call.
    func sent() throws -> [Element] {
        let bytes = outlet.take()
        guard !bytes.isEmpty else { return [] }
        let parser = XMLStreamParser()
        let header = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>"
        var stanzas: [Element] = []
        for event in try parser.feed(Array(header.utf8) + bytes) {
            if case .stanzas(let batch) = event { stanzas += batch.map(\.element) }
        }
        return stanzas
    }

    /// Sends one IQ and returns its answer; whatever else was sent is gone.
    func ask(_ type: String, from: String, to: String = InformationBench.domain, _ payload: String) throws -> Element {
        _ = outlet.take()
        try receive("<iq type='\(type)' id='ask' from='\(from)' to='\(to)'>\(payload)</iq>")
        guard let answer = try sent().first(where: { $0["id"] == "ask" && $0.name.local == "iq" }) else {
            throw CommandError("timeout", "no answer to \(payload)")
        }
        return answer
    }

    /// A report as the station sends it.
    static func report(from: String, _ body: String, id: String = "r") -> String {
        "<iq type='set' id='\(id)' from='\(from)' to='\(domain)'><report xmlns='urn:stationmaster:1'>"
            + "<json xmlns='urn:xmpp:json:0'>\(body)</json></report></iq>"
    }

    static func body(_ seq: Int64, _ value: Double = 21.5, gap: Bool = false) -> String {
        "{\"seq\":\(seq),\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":\(value)}]\(gap ? ",\"gap\":true" : "")}"
    }

    /// Sends a report and returns the answer.
    @discardableResult
    func report(from: String, _ body: String) throws -> Element {
        _ = outlet.take()
        try receive(Self.report(from: from, body))
        guard let answer = try sent().first(where: { $0["id"] == "r" }) else {
            throw CommandError("timeout", "no answer to a report")
        }
        return answer
    }

    /// Sends a report and leaves what the component sent to be read.
    func publish(from: String, _ seq: Int64) throws { try receive(Self.report(from: from, Self.body(seq))) }

    /// Subscribes and returns the subid.
    func subscribe(_ from: String, _ node: String, mode: String = "live", window: Int = 100) throws -> String {
        let bare = from.prefix { $0 != "/" }
        let answer = try ask(
            "set", from: from,
            """
            <pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='\(node)' jid='\(bare)'/><options>\
            <x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
            <value>http://jabber.org/protocol/pubsub#subscribe_options</value></field>\
            <field var='stationmaster#mode'><value>\(mode)</value></field>\
            <field var='stationmaster#window'><value>\(window)</value></field></x></options></pubsub>
            """)
        guard let subid = answer.elements.first?.elements.first?["subid"] else {
            throw CommandError("refused", "\(answer)")
        }
        return subid
    }

    func resume(_ from: String, _ subid: String, window: Int? = nil) throws {
        let window = window.map { ",\"window\":\($0)" } ?? ""
        try receive(
            "<iq type='set' id='resume' from='\(from)' to='\(Self.domain)'><resume xmlns='urn:stationmaster:1'>"
                + "<json xmlns='urn:xmpp:json:0'>{\"subid\":\"\(subid)\"\(window)}</json></resume></iq>")
    }

    static func ack(_ from: String, _ subid: String, _ item: String) -> String {
        "<iq type='set' id='ack' from='\(from)' to='\(domain)'><ack xmlns='urn:stationmaster:1'>"
            + "<json xmlns='urn:xmpp:json:0'>{\"subid\":\"\(subid)\",\"item\":\"\(item)\"}</json></ack></iq>"
    }
}

/// Device management's part: emits the events that the test puts here.
private final class EventSource: CoreModule {
    var waiting: [DomainEvent] = []
    private(set) var seen: [DomainEvent] = []

    func load() throws {}

    func register(on core: inout CoreRegistry) {
        core.command("test.emit") { [self] _, context in
            for event in waiting { context.emit(event) }
            waiting.removeAll()
            return .null
        }
        core.command("test.forks") { [self] _, _ in
            .integer(Int64(seen.filter { if case .sequenceForked = $0 { true } else { false } }.count))
        }
        core.event { [self] event, _ in seen.append(event) }
    }
}

/// One item as a consumer gets it.
struct Delivery: Hashable {
    let to: String
    let id: String
    let node: String
    let body: String
    let type: String
    let subid: String?

    init?(_ message: Element) {
        guard message.name.local == "message",
            let event = message.firstChild(XMLName("event", Namespaces.pubsubEvent)),
            let items = event.firstChild(XMLName("items", Namespaces.pubsubEvent)),
            let item = items.elements.first, let report = item.elements.first, let json = report.elements.first
        else { return nil }
        to = message["to"] ?? ""
        id = item["id"] ?? ""
        node = items["node"] ?? ""
        body = json.text
        type = message["type"] ?? "normal"
        subid = message.firstChild(XMLName("feed", Namespaces.stationmaster))?["subid"]
    }
}

extension Sequence where Element == XMLStream.Element {
    var deliveries: [Delivery] { compactMap { Delivery($0) } }
}

extension XMLStream.Element {
    /// `condition`, or `condition/application` of an error stanza; nil for another stanza.
    var refusal: String? {
        guard self["type"] == "error", let error = elements.first(where: { $0.name.local == "error" }) else { return nil }
        let names = error.elements.filter { $0.name.local != "text" }.map(\.name.local)
        return names.joined(separator: "/")
    }
}
