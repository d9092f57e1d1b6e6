// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import Governance
import InformationServices
import StationModel
import StationPKI
import StationStore
import Stationmaster
import XMPPCore

/// A store and a configuration made in one go, through the same store protocols that the component itself uses,
/// with rows of the size that real stations have.
struct Fixture {
    let folder: String
    let stations: Int
    let subscribers: Int
    let idleSubscribers: Int
    let domain: String
    /// The domain of stations and consumers.
    let clients: String
    let secret: String
    let port: Int
    /// Whether each station has a report in the log already, so that its next one has the number 2.
    let haveReported: Bool

    /// Stations that never report, to which the idle subscriptions belong.
    private var quietStations: Int { min(idleSubscribers, 1000) }
    private let made = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970) * 1000)

    /// Writes everything; returns the path of the configuration.
    func write() throws -> String {
        try FixtureFolder.empty(folder)
        let setup = Setup(
            domain: domain, folder: folder, serverHost: "127.0.0.1", serverPort: port,
            factoryHosts: ["factory.localhost"], onboardingHost: "onboarding.localhost", stationsHost: clients,
            owner: "owner", overwriting: true)
        let result = try setup.perform(now: made.milliseconds / 1000)
        try Secrets.write(secret + "\n", to: folder + "/component.secret", overwriting: true)
        try quicken(result.configurationPath)
        let configuration = try StationmasterConfiguration.load(path: result.configurationPath, environment: [:])
        let store = try StationStore(path: configuration.storePath)
        let certificate = try sampleCertificate(configuration)
        try store.transaction {
            try addStations(certificate, to: store)
            try addConsumers(to: store.information)
        }
        return result.configurationPath
    }

    /// Probes go out at once, so that none of them falls into a measurement, and only warnings are logged.
    private func quicken(_ path: String) throws {
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (old, new) in [("probesPerSecond: 2000", "probesPerSecond: 100000"), ("level: info", "level: warning")] {
            guard text.contains(old) else { throw FixtureError(description: "no line '\(old)' in \(path)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        try Secrets.write(text, to: path, overwriting: true)
    }

    /// One real certificate, whose bytes stand in every row: the store has the size that it would have.
    private func sampleCertificate(_ configuration: StationmasterConfiguration) throws -> [UInt8] {
        let now = made.milliseconds / 1000
        return try configuration.device.ownerAuthority.issue(
            publicKey: try P256PrivateKey().publicKey, commonName: "ws0", serialNumber: "ws0",
            xmppAddresses: ["ws0@" + clients], uris: ["urn:dev:ops:32473-wx-ws0"], notBefore: now - 3600,
            notAfter: now + 315_576_000
        ).der
    }

    // MARK: - Stations

    private func addStations(_ certificate: [UInt8], to store: StationStore) throws {
        // In the order of the serials' text, in which SQLite's indexes grow at their end.
        for number in Self.inTextOrder(stations) {
            try addStation("ws\(number)", Int64(number + 1), certificate, store)
        }
        for number in 0..<quietStations {
            try addStation("quiet\(number)", Int64(stations + number + 1), certificate, store)
        }
        try store.information.setProgressPosition(store.information.log.lastPosition())
    }

    private func addStation(_ name: String, _ number: Int64, _ certificate: [UInt8], _ store: StationStore) throws {
        let serial = try Serial(name)
        let jid = try JID(name + "@" + clients)
        try store.device.insert(
            StationRecord(
                serial: serial, model: "WX-3", hardware: "wx3-a", state: .installed, owner: "owner",
                identityKey: Self.key(1, number), identityCertificate: certificate,
                operationalKey: Self.key(2, number), operationalCertificate: certificate, jid: jid,
                firmwareVersion: "1.0.0", firmwareSequence: 1, isSubscribed: true, engravedAt: made,
                installedAt: made))
        try store.information.put(PublisherRecord(number: number, serial: serial, jid: jid))
        guard haveReported else { return }
        let position = try Self.firstReport.withUnsafeBufferPointer {
            try store.information.log.append(
                publisher: number, sequence: 1, receivedAt: made, isLate: false, body: $0)
        }
        try store.information.setProgress([
            PublisherProgress(publisher: number, lastSequence: 1, lastPosition: position, lastReport: made)
        ])
    }

    private static let firstReport = Array(
        #"{"seq":1,"records":[{"bt":1795413600,"n":"temperature","u":"Cel","v":21.5},{"n":"wind-speed","u":"m/s","v":4.1}]}"#
            .utf8)

    /// What stands for a key: unique, and of the right length. No message of a harness is checked against it.
    private static func key(_ kind: UInt8, _ number: Int64) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 65)
        key[0] = 4
        key[1] = kind
        for index in 0..<8 { key[2 + index] = UInt8(truncatingIfNeeded: number >> (56 - 8 * Int64(index))) }
        return key
    }

    /// 0, 1, 10, 100, …, 11, …, 2, …: the numbers below `count` as their digits sort.
    static func inTextOrder(_ count: Int) -> [Int] {
        var order: [Int] = []
        order.reserveCapacity(count)
        func visit(_ number: Int) {
            guard number < count else { return }
            order.append(number)
            for digit in 0...9 { visit(number * 10 + digit) }
        }
        if count > 0 { order.append(0) }
        for first in 1...9 { visit(first) }
        return order
    }

    // MARK: - Consumers

    private func addConsumers(to store: any InformationStore) throws {
        for number in 0..<subscribers {
            try subscribe("sub\(number)", number, .all, .all, store)
        }
        for number in 0..<idleSubscribers {
            let serial = try Serial("quiet\(number % quietStations)")
            try subscribe("idle\(number)", subscribers + number, .station(serial), .station(serial), store)
        }
    }

    private func subscribe(
        _ name: String, _ number: Int, _ scope: Grant.Scope, _ node: PubSubNode, _ store: any InformationStore
    ) throws {
        let jid = try JID(name + "@" + clients)
        try store.insert(Grant(consumer: jid.description, scope: scope, since: 0, at: made))
        let digits = String(number, radix: 16)
        try store.insert(
            SubscriptionRecord(
                subid: String(repeating: "0", count: 32 - digits.count) + digits, node: node, jid: jid,
                options: SubscriptionOptions(), cursor: 0, created: made))
    }
}

/// Why a fixture could not be written, as a sentence.
struct FixtureError: Error, CustomStringConvertible {
    let description: String
}
