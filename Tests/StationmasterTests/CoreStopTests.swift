// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationTesting
import Testing
import XMLStream
@testable import Stationmaster

@Suite("The end of the core")
struct CoreStopTests {
    @Test("What was taken is stored and answered before the core ends, and whoever waits for it has a deadline")
    func drained() throws {
        let bench = try FlowBench(clock: WallClock())
        _ = try bench.command("fleet.install", .object(["count": .integer(1)]))
        _ = try bench.sent()
        bench.disk.set(microseconds: 300_000)
        let core = bench.run()
        for seq in 1...20 { try bench.arrive(FlowBench.report(1, seq)) }
        #expect(!core.stop(within: 0.05))
        #expect(core.stop(within: 20))
        #expect(try bench.sent().filter { $0["type"] == "result" }.count == 20)
        try bench.arrive(FlowBench.report(1, 21))
        #expect(try bench.sent().map { TestStation.condition($0) } == ["resource-constraint"])
    }
}
