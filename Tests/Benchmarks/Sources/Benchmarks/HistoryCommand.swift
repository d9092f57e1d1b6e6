// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import InformationServices
import StationModel
import StationStore
import XMPPCore

/// `history`: fills a store with reports of stations in random order, and asks for hours of single stations.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Measure what an hour of one station costs in a large log; prints one line of JSON.")

    @Option(help: "A folder on the disk to be measured; what is in it is removed.") var folder: String
    @Option(help: "How many reports the log holds.") var reports = 50_000_000
    @Option(help: "Of how many stations.") var stations = 10_000
    @Option(help: "How often a page is asked for.") var queries = 2000
    @Option(help: "How many reports a page has at most.") var page = 100

    private static let batch = 5000
    /// A report of each station comes about every minute.
    private static let begin: Int64 = 1_795_413_600_000

    func run() throws {
        try FixtureFolder.empty(folder)
        let store = try StationStore(path: folder + "/store.sqlite")
        try store.transaction {
            for number in 1...stations {
                try store.information.put(
                    PublisherRecord(
                        number: Int64(number), serial: try Serial("ws\(number)"), jid: try JID("ws\(number)@localhost")))
            }
        }
        var random = SystemRandomNumberGenerator()
        let span = try fill(store, &random)
        var times: [Double] = []
        var found = 0
        for _ in 0..<queries {
            let publisher = Int64.random(in: 1...Int64(stations), using: &random)
            let from = Self.begin + Int64.random(in: 0..<max(1, span - 3_600_000), using: &random)
            let range = Timestamp(milliseconds: from)...Timestamp(milliseconds: from + 3_600_000)
            let start = Stopwatch.nanoseconds(CLOCK_MONOTONIC)
            try store.transaction {
                found += try store.information.log.history(publisher: publisher, range: range, after: 0, limit: page).count
            }
            times.append(Double(Stopwatch.nanoseconds(CLOCK_MONOTONIC) - start) / 1e6)
        }
        times.sort()
        let figures: [String: Double] = [
            "p50": times[times.count / 2], "p99": times[times.count * 99 / 100], "max": times.last ?? 0,
            "found": Double(found) / Double(queries),
        ]
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
        try store.close()
    }

    /// Appends all reports, and says how many milliseconds they span.
    private func fill(_ store: StationStore, _ random: inout some RandomNumberGenerator) throws -> Int64 {
        var sequences = [Int64](repeating: 0, count: stations)
        let text = #"{"seq":1,"records":[{"bt":1795413600,"n":"temperature","u":"Cel","v":21.5},{"n":"wind","v":4.1}]}"#
        let body = Array((text + String(repeating: " ", count: 190 - text.utf8.count)).utf8)
        var stored = 0
        var now = Self.begin
        while stored < reports {
            now = Self.begin + Int64(Double(stored) * 60_000 / Double(stations))
            try store.transaction {
                for _ in 0..<min(Self.batch, reports - stored) {
                    let index = Int.random(in: 0..<stations, using: &random)
                    sequences[index] += 1
                    _ = try body.withUnsafeBufferPointer {
                        try store.information.log.append(
                            publisher: Int64(index + 1), sequence: sequences[index],
                            receivedAt: Timestamp(milliseconds: now), isLate: false, body: $0)
                    }
                }
            }
            stored += Self.batch
        }
        return now - Self.begin
    }
}
