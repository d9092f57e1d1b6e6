// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import StationCore
import StationTesting
import Stationmaster
import Synchronization
import XMLStream
import XMPPCore

/// Whom a report goes to: the component without sockets and without a parser, on stanzas parsed beforehand. Run with and
/// without subscriptions that match none of them, it says what those cost.
struct MicroMatching {
    private let configuration: StationmasterConfiguration
    private static let stations = 1000
    private static let batch = 500

    init(folder: String) throws {
        configuration = try StationmasterConfiguration.load(path: folder + "/stationmaster.yaml", environment: [:])
    }

    func run(reports: Int) throws -> Measurement {
        let inbox = Inbox(limits: configuration.core)
        let outlet = CountingOutlet()
        let composition = try Composition(
            configuration: configuration, clock: WallClock(), random: SystemRandom(), pool: ManualPool(), inbox: inbox,
            link: outlet, logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() })
        let network = composition.network
        let thread = CoreThread(
            core: composition.core, inbox: inbox, logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() },
            onFailure: { _ in })
        thread.start()
        defer { thread.stop() }
        let batches = try prepare(reports + reports / 10)
        let warm = batches.prefix(batches.count / 10)
        try pass(warm, to: network, outlet)
        let start = Stopwatch.nanoseconds(CLOCK_MONOTONIC)
        let cpu = Stopwatch.nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
        let count = try pass(batches.dropFirst(warm.count), to: network, outlet)
        return Measurement(
            operations: count, wall: Stopwatch.nanoseconds(CLOCK_MONOTONIC) - start,
            thread: Stopwatch.nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu)
    }

    /// Hands batch after batch over, with at most four unanswered.
    @discardableResult
    private func pass(
        _ batches: ArraySlice<StanzaBatch>, to network: NetworkSide, _ outlet: CountingOutlet
    ) throws -> Int {
        let before = outlet.answers
        var sent = 0
        for batch in batches {
            network.componentReceived(batch)
            sent += batch.count
            try outlet.wait(for: before + sent - 4 * Self.batch)
        }
        try outlet.wait(for: before + sent)
        return sent
    }

    private func prepare(_ reports: Int) throws -> [StanzaBatch] {
        var sequences = [Int](repeating: 0, count: Self.stations)
        var batches: [StanzaBatch] = []
        let parser = XMLStreamParser()
        _ = try parser.feed(Array("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept'>".utf8))
        for first in stride(from: 0, to: reports, by: Self.batch) {
            var text = ""
            for number in first..<min(first + Self.batch, reports) {
                let station = number &* 7919 % Self.stations
                sequences[station] += 1
                text += """
                    <iq type='set' id='r\(number)' from='ws\(station)@localhost/st' to='devices.localhost'>\
                    <report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{"seq":\(sequences[station]),\
                    "records":[{"bt":1795413600,"n":"temperature","u":"Cel","v":21.5},{"n":"wind-speed","u":"m/s","v":4.1}]}\
                    </json></report></iq>
                    """
            }
            for case .stanzas(let batch) in try parser.feed(Array(text.utf8)) { batches.append(batch) }
        }
        return batches
    }
}

/// Counts the answers and drops them.
private final class CountingOutlet: ComponentOutlet {
    private let counted = Mutex((answers: 0, refused: false))

    var isReady: Bool { true }
    var answers: Int { counted.withLock { $0.answers } }

    func deliver(_ stanzas: [UInt8]) -> Bool {
        let results = Self.count("<iq ", in: stanzas)
        let isRefused = Self.count("<error", in: stanzas) > 0
        counted.withLock {
            $0.answers += results
            if isRefused { $0.refused = true }
        }
        return true
    }

    /// How often a tag with this beginning stands in the bytes.
    private static func count(_ tag: StaticString, in bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            let length = tag.utf8CodeUnitCount
            var count = 0
            var index = 0
            while index + length <= bytes.count {
                if memcmp(base + index, tag.utf8Start, length) == 0 { count += 1 }
                index += 1
            }
            return count
        }
    }

    /// Until that many answers have come.
    func wait(for answers: Int) throws {
        let end = Stopwatch.nanoseconds(CLOCK_MONOTONIC) + 20_000_000_000
        while true {
            let state = counted.withLock { $0 }
            if state.refused { throw FixtureError(description: "a report was refused") }
            if state.answers >= answers { return }
            guard Stopwatch.nanoseconds(CLOCK_MONOTONIC) < end else { throw FixtureError(description: "no answers") }
            usleep(20)
        }
    }
}
