// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import InformationServices
import Logging
import NIOPosix
import StationCore
import StationModel
import StationPKI
import StationStore
import StationTesting
@testable import Stationmaster
import Synchronization
import XMLStream
import XMPPComponent
import XMPPCore

/// Both domains over a real store with a disk as slow as the test wants it, on a core thread, behind a component link over
/// a socket: all as in service, but for the disk. The stations are installed already.
final class OverloadBench {
    let path: String
    let disk: SlowStore
    let inbox: Inbox
    let link: ComponentLink
    private let thread: CoreThread
    private let running: Task<Void, any Error>

    /// The store is made in the folder, and stays when the bench goes.
    init(stations: Int, limits: CoreLimits, port: Int, folder: URL) throws {
        path = folder.appendingPathComponent("store.sqlite").path
        let domain = try JID(FlowBench.domain)
        let store = try StationStore(path: path)
        try store.transaction { for number in 1...stations { try Self.install(number, store) } }
        disk = SlowStore(store)
        let directory = StationDirectory()
        let information = InformationServices(
            store: store.information, domain: domain, configuration: InformationConfiguration(), directory: directory)
        let device = DeviceManagement(
            store: store.device, configuration: try Self.configuration(domain), directory: directory,
            nextSequence: { information.nextSequence($0) })
        var logger = Logger(label: "overload")
        logger.logLevel = .critical
        let outlet = LinkedOutlet()
        inbox = Inbox(limits: limits)
        let core = Core(
            domain: domain, store: disk, modules: [information, device], clock: WallClock(), random: SystemRandom(), pool: ManualPool(),
            outlet: outlet, limits: limits, logger: logger, workDone: { _ in })
        try core.start()
        let router = try Features.router(domain: domain, clock: WallClock(), registry: core.registry, version: "1")
        let network = NetworkSide(
            domain: domain, inbox: inbox, router: router, outlet: outlet, clock: WallClock(), limits: limits, logger: logger)
        let link = ComponentLink(
            configuration: ComponentConfiguration(domain: FlowBench.domain, secret: "secret", port: port),
            delegate: network, logger: logger, group: MultiThreadedEventLoopGroup.singleton)
        outlet.attach(link)
        self.link = link
        nonisolated(unsafe) let handed = core
        thread = CoreThread(core: handed, inbox: inbox, logger: logger, onFailure: { _ in })
        thread.start()
        running = Task { try await link.run() }
    }

    /// Finishes what was taken and closes the store.
    func stop() async {
        disk.set(microseconds: 0)
        thread.stop()
        await link.shutdown()
        running.cancel()
    }

    private static func configuration(_ domain: JID) throws -> DeviceConfiguration {
        let now = WallClock().now().milliseconds / 1000
        func authority(_ name: String) throws -> CertificateAuthority {
            try CertificateAuthority.create(
                commonName: name, organization: "Test", key: P256PrivateKey(), validYears: 10, now: now)
        }
        return DeviceConfiguration(
            domain: domain, factoryHosts: ["factory.localhost"], onboardingHost: "onboarding.localhost",
            stationsHost: "stations.localhost", owner: "owner", makerAuthority: try authority("Maker CA"),
            ownerAuthority: try authority("Owner CA"), directorKey: try P256PrivateKey())
    }

    private static func install(_ number: Int, _ store: StationStore) throws {
        let serial = try Serial("WX-\(number)")
        let jid = try JID("wx-\(number)@stations.localhost")
        // No key is looked at; each has to be another one.
        func key(_ kind: UInt8) -> [UInt8] { [4, kind, UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 0, count: 61) }
        try store.device.insert(
            StationRecord(
                serial: serial, model: "WX-3", hardware: "wx3-a", state: .installed, owner: "owner", identityKey: key(1),
                identityCertificate: [0x30, 0], operationalKey: key(2), operationalCertificate: [0x30, 0], jid: jid,
                firmwareVersion: "1.0.0", firmwareSequence: 1, isSubscribed: true))
        try store.information.put(PublisherRecord(number: Int64(number), serial: serial, jid: jid))
    }
}

/// Stations that report through a server as fast as they are told, what became of it, and what else the server was sent.
final class LinkedFlood: Sendable {
    struct State {
        /// By station, from 1.
        var sent: [Int]
        var last: [Int]
        var offered = 0
        var acknowledged = 0
        var refused: [String: Int] = [:]
        /// Memory when the first report was refused.
        var refusedAt: Int?
        var unsubscribed: [String: ContinuousClock.Instant] = [:]
        var sessionsEnded: [ContinuousClock.Instant] = []
        /// The newest answer of the station that was revoked, if it was an error.
        var conditionOfFirst: String?
    }

    let stations: Int
    let state: Mutex<State>
    private static let tail = (1...20).map { #"{"n":"temperature","u":"Cel","v":21.5,"t":-\#($0)}"# }.joined(separator: ",")
        + "]}</json></report></iq>"

    init(stations: Int) {
        self.stations = stations
        state = Mutex(
            State(sent: Array(repeating: 0, count: stations + 1), last: Array(repeating: 0, count: stations + 1)))
    }

    /// The server's part.
    func take(_ stanza: XMLElement) {
        switch stanza.localName {
        case "presence" where stanza.attribute("type") == "unsubscribe":
            let to = stanza.attribute("to") ?? ""
            state.withLock { $0.unsubscribed[to] = .now }
        case "iq":
            let parts = (stanza.attribute("id") ?? "").split(separator: "-").compactMap { Int($0) }
            if parts.count == 2 { return answered(stanza, parts[0], parts[1]) }
            if stanza.firstChild(XMLName("command", Namespaces.commands)) != nil {
                state.withLock { $0.sessionsEnded.append(.now) }
            }
        default: break
        }
    }

    private func answered(_ stanza: XMLElement, _ station: Int, _ seq: Int) {
        if stanza.attribute("type") == "result" {
            return state.withLock { state in
                state.acknowledged += 1
                state.last[station] = max(state.last[station], seq)
            }
        }
        let condition = TestStation.condition(stanza.element) ?? ""
        let memory = state.withLock { $0.refusedAt } == nil ? residentKilobytes() : 0
        state.withLock { state in
            if condition == "resource-constraint", state.refusedAt == nil { state.refusedAt = memory }
            state.refused[condition, default: 0] += 1
            state.sent[station] = state.last[station]
            if station == 1 { state.conditionOfFirst = condition }
        }
    }

    /// The next report of each of these stations; with a window, of those that have no more than it unanswered.
    func reports(_ stations: Range<Int>, window: Int = .max) -> String {
        state.withLock { state in
            var text = ""
            for station in stations {
                let next = max(state.sent[station], state.last[station]) + 1
                guard next - state.last[station] <= window else { continue }
                state.sent[station] = next
                state.offered += 1
                text += "<iq type='set' id='\(station)-\(next)' from='wx-\(station)@stations.localhost/agent' to='\(FlowBench.domain)'>"
                    + "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{\"seq\":\(next),\"records\":["
                text += Self.tail
            }
            return text
        }
    }
}
