// SPDX-License-Identifier: Apache-2.0
import Foundation
import InformationServices
import StationModel
import StationStore
import XMPPCore

/// Appending to the log of reports through the store's own protocol, with a commit to the disk for each batch.
struct MicroStore {
    private let store: StationStore
    private static let publishers = 10_000

    init(folder: String) throws {
        try FixtureFolder.empty(folder)
        store = try StationStore(path: folder + "/store.sqlite")
        try store.transaction { [store] in
            for number in 1...Self.publishers {
                try store.information.put(
                    PublisherRecord(
                        number: Int64(number), serial: try Serial("ws\(number)"), jid: try JID("ws\(number)@localhost")))
            }
        }
    }

    func append(seconds: Double, batch: Int) throws -> Measurement {
        var sequences = [Int64](repeating: 0, count: Self.publishers)
        var state: UInt64 = 88_172_645_463_325_252
        let text = #"{"seq":1,"records":[{"bt":1795413600,"n":"temperature","u":"Cel","v":21.5},{"n":"wind","v":4.1}]}"#
        let body = Array((text + String(repeating: " ", count: 190 - text.utf8.count)).utf8)
        return try Stopwatch.run(seconds: seconds) {
            try store.transaction {
                for _ in 0..<batch {
                    state ^= state << 13
                    state ^= state >> 7
                    state ^= state << 17
                    let index = Int(state % UInt64(Self.publishers))
                    sequences[index] += 1
                    _ = try body.withUnsafeBufferPointer {
                        try store.information.log.append(
                            publisher: Int64(index + 1), sequence: sequences[index],
                            receivedAt: Timestamp(milliseconds: 1_795_413_600_000), isLate: false, body: $0)
                    }
                }
            }
            return batch
        }
    }
}
