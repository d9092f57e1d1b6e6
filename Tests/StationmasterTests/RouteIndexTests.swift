// SPDX-License-Identifier: Apache-2.0
import Foundation
import Governance
@testable import InformationServices
import StationCore
import StationModel
import StationStore
import StationTesting
import Testing
import XMPPCore

@Suite("Routes: which subscriptions a report goes to")
struct RouteIndexTests {
    private static let consumers = (0..<5).map { "c\($0)@localhost" }
    private static let stations = (0..<6).map { "WX-\($0)" }

    /// Grants, subscriptions and stations in memory, without a component around them.
    private final class Tables {
        let state: InformationState
        var index = RouteIndex()
        private var made = 0
        private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("routes-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let store = try StationStore(path: folder.appendingPathComponent("store.sqlite").path)
            let directory = StationDirectory()
            state = InformationState(
                store: store.information, domain: try JID("devices.localhost"), configuration: InformationConfiguration(),
                directory: directory)
            for (place, station) in stations.enumerated() {
                let serial = try Serial(station)
                let jid = try JID("\(serial.folded)@localhost")
                let number = try #require(state.publishers.numberForNew(serial, jid))
                #expect(number == Int64(place) + 1)
                state.publishers.put(PublisherRecord(number: number, serial: serial, jid: jid))
            }
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func scope(_ station: Int?) throws -> Grant.Scope { try station.map { .station(try Serial(stations[$0])) } ?? .all }
        func node(_ station: Int?) throws -> PubSubNode { try station.map { .station(try Serial(stations[$0])) } ?? .all }

        func toggleGrant(_ consumer: Int, _ station: Int?) throws {
            let jid = try JID(consumers[consumer])
            if let old = state.grants.grant(jid, try scope(station)) {
                state.grants.remove(old, of: jid)
            } else {
                state.grants.add(Grant(consumer: consumers[consumer], scope: try scope(station), since: 0, at: Timestamp(milliseconds: 0)), to: jid)
            }
        }

        func toggleSubscription(_ consumer: Int, _ station: Int?, _ mode: DeliveryMode) throws {
            let jid = try JID(consumers[consumer])
            if let old = state.subscriptions.subscription(try node(station), jid) {
                state.subscriptions.remove(old)
            } else {
                made += 1
                state.subscriptions.add(
                    Subscription(
                        SubscriptionRecord(
                            subid: "s\(made)", node: try node(station), jid: jid, options: .init(mode: mode), cursor: 0, taker: nil,
                            created: Timestamp(milliseconds: 0))))
            }
        }

        func toggleMode(_ consumer: Int, _ station: Int?) throws {
            guard let found = state.subscriptions.subscription(try node(station), try JID(consumers[consumer])) else { return }
            found.options.mode = found.options.mode == .live ? .feed : .live
            state.subscriptions.changed(found)
        }

        func toggleDelivery(_ consumer: Int, _ station: Int?) throws {
            guard let found = state.subscriptions.subscription(try node(station), try JID(consumers[consumer])) else { return }
            found.options.delivers.toggle()
            state.subscriptions.changed(found)
        }

        /// The subscriptions to which the index sends a report.
        func routed(_ station: Int) -> Set<String> {
            var found: [String] = []
            index.routes(Int64(station) + 1, in: state).forEach { list in
                let all = list.single + list.live
                found += all.map(\.subid)
                #expect(list.hasLive == all.contains { $0.options.mode == .live })
                #expect(list.live.allSatisfy { $0.options.mode == .live })
            }
            #expect(Set(found).count == found.count, "each once")
            return Set(found)
        }

        /// The same, by looking at each of them.
        func wanted(_ station: Int) throws -> Set<String> {
            let serial = try Serial(stations[station])
            return Set(
                state.subscriptions.sorted {
                    $0.options.delivers && self.state.mayObserve($0.consumer, serial)
                        && ($0.node == .all || $0.node == .station(serial))
                }.map(\.subid))
        }
    }

    @Test("Whatever changes, each report goes to whom it concerns and to nobody else", arguments: [91, 92, 93] as [UInt64])
    func random(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let tables = try Tables()
        var hits = 0
        for step in 0..<1500 {
            let consumer = Int.random(in: 0..<5, using: &random)
            let station = Bool.random(using: &random) ? Int.random(in: 0..<6, using: &random) : nil
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: try tables.toggleGrant(consumer, station)
            case 4: try tables.toggleMode(consumer, station)
            case 2, 3: try tables.toggleSubscription(consumer, station, Bool.random(using: &random) ? .live : .feed)
            default: try tables.toggleDelivery(consumer, station)
            }
            for station in 0..<6 where Bool.random(using: &random) {
                let found = tables.routed(station)
                hits += found.count
                #expect(try found == tables.wanted(station), "step \(step) of seed \(seed), station \(station)")
            }
        }
        #expect(hits > 1000)
    }

    @Test("A change that concerns one station leaves what is known of the others, and what has gone leaves no memory behind")
    func cost() throws {
        let tables = try Tables()
        for consumer in 0..<5 { try tables.toggleGrant(consumer, nil) }
        for consumer in 0..<4 { try tables.toggleSubscription(consumer, nil, .live) }
        #expect(tables.routed(0).count == 4)
        let before = tables.index.renewals
        for _ in 0..<500 {
            try tables.toggleSubscription(4, 2, .live)
            #expect(tables.routed(2).count == 5 && tables.routed(0).count == 4)
            try tables.toggleSubscription(4, 2, .live)
            #expect(tables.routed(2).count == 4)
        }
        #expect(tables.index.renewals == before)
        for _ in 0..<5000 {
            try tables.toggleSubscription(4, 2, .live)
            _ = tables.routed(2)
            try tables.toggleSubscription(4, 2, .live)
        }
        #expect(tables.index.listCount < 1100)
    }

    @Test("Stations of a consumer that is granted them one by one share a list")
    func shared() throws {
        let tables = try Tables()
        for station in 0..<6 { try tables.toggleGrant(0, station) }
        try tables.toggleSubscription(0, nil, .live)
        for station in 0..<6 { #expect(tables.routed(station).count == 1) }
        #expect(tables.index.listCount == 1)
    }
}
