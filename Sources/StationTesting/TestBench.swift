// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import InformationServices
import Logging
import StationCore
import StationJSON
import StationModel
import StationPKI
import Stationmaster
import Synchronization
import XMLStream
import XMPPComponent
import XMPPCore

/// The whole component on a bench: a real store in a folder of its own, a virtual clock, seeded random
/// bytes, and the test in the place of the XMPP server.
///
/// ```swift
/// let bench = try TestBench()
/// bench.receive("<iq type='get' id='1' from='a@localhost/x' to='devices.localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
/// let answer = bench.sent().first
/// ```
public final class TestBench {
    /// Stands still until the test moves it.
    public let clock: VirtualClock
    /// Holds the store; removed with the bench.
    public let folder: URL
    /// What the component was started with.
    public let configuration: StationmasterConfiguration
    /// Signs IDevIDs.
    public let makerAuthority: CertificateAuthority
    /// Signs LDevIDs.
    public let ownerAuthority: CertificateAuthority
    /// The server's end of the link.
    public let outlet = MemoryOutlet()
    private let pool = ManualPool()
    private let seed: UInt64
    private var inbox: Inbox
    private var composition: Composition?
    private var incoming = XMLStreamParser()
    private var outgoing = XMLStreamParser()
    private var restarts: UInt64 = 0
    private let logger: Logger

    /// The component's domain.
    public static let domain = "devices.localhost"
    /// The host of units in the factory.
    public static let factoryHost = "factory.localhost"
    /// The host of stations with an IDevID.
    public static let onboardingHost = "onboarding.localhost"
    /// The host of stations with an LDevID.
    public static let stationsHost = "stations.localhost"

    public init(seed: UInt64 = 1, _ configure: (inout StationmasterConfiguration) -> Void = { _ in }) throws {
        self.seed = seed
        clock = VirtualClock()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("stationmaster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let now = clock.now().milliseconds / 1000
        makerAuthority = try CertificateAuthority.create(
            commonName: "Maker CA", organization: "Maker", key: P256PrivateKey(), validYears: 30, now: now)
        ownerAuthority = try CertificateAuthority.create(
            commonName: "Owner CA", organization: "Owner", key: P256PrivateKey(), validYears: 30, now: now)
        let device = DeviceConfiguration(
            domain: try JID(Self.domain), factoryHosts: [Self.factoryHost], onboardingHost: Self.onboardingHost,
            stationsHost: Self.stationsHost, owner: "owner", makerAuthority: makerAuthority,
            ownerAuthority: ownerAuthority, directorKey: try P256PrivateKey())
        var configuration = StationmasterConfiguration(
            component: ComponentConfiguration(domain: Self.domain, secret: "secret", host: "127.0.0.1", port: 5347),
            device: device, information: InformationConfiguration(),
            storePath: folder.appendingPathComponent("store.sqlite").path)
        configure(&configuration)
        self.configuration = configuration
        inbox = Inbox(limits: configuration.core)
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        self.logger = logger
        try start()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func start() throws {
        inbox = Inbox(limits: configuration.core)
        composition = try Composition(
            configuration: configuration, clock: clock, random: SeededRandom(seed: seed &+ restarts), pool: pool,
            inbox: inbox, link: outlet, logger: logger)
        outlet.connect()
        openStreams()
        composition?.network.componentReady(outlet.generation)
        settle()
    }

    private func openStreams() {
        incoming = XMLStreamParser()
        outgoing = XMLStreamParser()
        let header = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>"
        _ = try? incoming.feed(Array(header.utf8))
        _ = try? outgoing.feed(Array(header.utf8))
    }

    /// The process dies and starts again: memory is gone, the store stays.
    public func restart() throws {
        composition = nil
        _ = outlet.take()
        restarts &+= 1
        try start()
    }

    /// The server hangs up, with a stream error if there is one.
    public func hangUp(_ condition: StreamError.Condition? = nil) {
        outlet.set(up: false)
        let code: ComponentError.Code = condition == nil ? .closed : .streamError
        composition?.network.componentLost(ComponentError(code, "the server hung up", condition: condition))
        settle()
        _ = outlet.take()
    }

    /// The component has found its server again.
    public func reconnect() {
        outlet.connect()
        openStreams()
        composition?.network.componentReady(outlet.generation)
        settle()
    }

    // MARK: - The server's side

    /// Stanzas from the server, as text; and everything that follows from them.
    public func receive(_ xml: String) { receive(Array(xml.utf8)) }

    /// The same as bytes, which may end anywhere. False if the parser refused them (the link would be closed).
    @discardableResult
    public func receive(_ bytes: [UInt8]) -> Bool {
        do {
            for event in try incoming.feed(bytes) {
                if case .stanzas(let batch) = event { composition?.network.componentReceived(batch) }
            }
        } catch {
            return false
        }
        settle()
        return incoming.failure == nil
    }

    /// Bytes that the component has sent since the last call.
    public func sentBytes() -> [UInt8] { outlet.take() }

    /// Stanzas that the component has sent since the last call.
    public func sent() -> [Element] {
        var stanzas: [Element] = []
        guard let events = try? outgoing.feed(outlet.take()) else { return [] }
        for event in events {
            if case .stanzas(let batch) = event {
                for index in 0..<batch.count { stanzas.append(batch[index].element) }
            }
        }
        return stanzas
    }

    /// Sends one stanza and returns the answer with the same id.
    public func ask(_ stanza: OutgoingStanza) -> Element? {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        stanza.write(into: &writer)
        receive(writer.take())
        return sent().first { $0["id"] == stanza.id }
    }

    // MARK: - The operator's side

    /// A command of the Unix socket.
    public func command(_ name: String, _ arguments: JSON = .object([])) throws -> JSON {
        let result = Mutex<Result<JSON, CommandError>?>(nil)
        inbox.append(control: [
            .command(name: name, arguments: try JSONDocument(arguments.serialized())) { answer in
                result.withLock { $0 = answer }
            }
        ])
        settle()
        guard let answer = result.withLock({ $0 }) else { throw CommandError("timeout", "no answer") }
        return try answer.get()
    }

    // MARK: - Time

    /// Moves the clock, waking the core whenever it wants to be woken on the way.
    public func advance(seconds: Double) {
        let end = clock.now().milliseconds &+ Int64(seconds * 1000)
        while let wake = composition?.core.nextWake, case let due = clock.now().adding(wake).milliseconds, due <= end {
            clock.set(milliseconds: due)
            settle()
        }
        clock.set(milliseconds: end)
        process([])
        settle()
    }

    /// Runs the core and the pool until nothing is left to do.
    public func settle() {
        repeat {
            while let batch = inbox.take(within: .zero), !batch.isEmpty { process(batch) }
            var rounds = 0
            while let wake = composition?.core.nextWake, wake <= .zero, rounds < 10_000 {
                process([])
                rounds += 1
            }
        } while pool.runAll()
    }

    private func process(_ batch: [CoreRequest]) {
        do { try composition?.core.process(batch) } catch {
            logger.critical("the store has failed", metadata: ["error": "\(error)"])
        }
    }
}
