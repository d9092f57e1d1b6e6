// SPDX-License-Identifier: Apache-2.0
import StationCore
import Testing
import XMLStream

@Suite("Feeds: a link that breaks")
struct FeedLinkTests {
    private let consumer = "weather@nws.example/ingest"

    @Test("The link breaks and is there anew in the midst of a long batch: nothing is missed")
    func bounceInsideBatch() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant("weather@nws.example", "wx-1")
        let subid = try bench.subscribe(consumer, "stations/wx-1", mode: "feed", window: 1000)
        try bench.resume(consumer, subid)
        _ = try bench.sent()
        // One batch whose fan-out takes several chunks: the first is lost with the old connection.
        bench.outlet.bounce(afterChunks: 2)
        try bench.core.process(
            (1...600).map { try InformationBench.stanza(InformationBench.report(from: station, InformationBench.body($0))) })
        #expect(bench.outlet.generation == 1)
        let first = try bench.sent().deliveries.map(\.id)
        // The consumer acknowledges the last item that it has seen, before the feed begins anew.
        let acks = try first.suffix(1).map { try InformationBench.stanza(InformationBench.ack(consumer, subid, $0)) }
        try bench.process([.linkLost(.cut), .linkReady(generation: bench.outlet.generation)] + acks)
        let rest = try bench.sent().deliveries.map(\.id)
        #expect(first + rest == (1...600).map { "1-\($0)" })
    }
}
