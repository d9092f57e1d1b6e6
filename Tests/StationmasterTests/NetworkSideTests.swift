// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationTesting
import Testing
import XMLStream

@Suite("The network side: what is refused before the core")
struct NetworkSideTests {
    private func bench(_ limits: CoreLimits = CoreLimits()) throws -> FlowBench {
        let bench = try FlowBench(limits: limits)
        _ = try bench.command("fleet.install", .object(["count": .integer(1)]))
        _ = try bench.sent()
        return bench
    }

    @Test("Who asks something of a malformed address of ours is told, and an answer to one is not answered")
    func malformed() throws {
        let bench = try bench()
        for type in ["get", "set"] {
            try bench.receive(
                "<iq type='\(type)' id='x' from='a@b/c' to='bad localpart@\(FlowBench.domain)'><ping xmlns='urn:xmpp:ping'/></iq>")
            let answer = try bench.sent().first
            #expect(TestStation.condition(answer) == "jid-malformed")
            #expect(answer?["from"] == FlowBench.domain && answer?["to"] == "a@b/c" && answer?["id"] == "x")
        }
        try bench.receive("<iq type='result' id='x' from='a@b/c' to='bad localpart@\(FlowBench.domain)'/>")
        try bench.receive("<presence from='a@b/c' to='bad localpart@\(FlowBench.domain)'/>")
        try bench.receive("<iq type='get' id='x' from='bad one@b/c' to='bad localpart@\(FlowBench.domain)'/>")
        #expect(try bench.sent().isEmpty)
    }

    @Test("Control that came with reports is reckoned at the read that it keeps in memory")
    func reckoned() throws {
        let bench = try bench()
        let reports = (1...100).map { FlowBench.report(1, $0) }.joined()
        try bench.arrive(reports)
        let alone = bench.inbox.waitingBytes
        bench.pump()
        try bench.arrive(
            (101...200).map { FlowBench.report(1, $0) }.joined() + "<presence from='a@b/c' to='\(FlowBench.domain)'/>")
        #expect(bench.inbox.waitingBytes > alone * 3 / 2)
    }

    @Test("A report in a message that the full queue refused holds up those that follow it")
    func messageRefused() throws {
        var limits = CoreLimits()
        limits.controlBytes = 1
        let bench = try bench(limits)
        try bench.receive(FlowBench.report(1, 1))
        _ = try bench.sent()
        try bench.receive(
            "<message from='wx-1@stations.localhost/agent' to='\(FlowBench.domain)'>"
                + "<payload xmlns='urn:xmpp:json-msg:0' datatype='urn:stationmaster:1#report'>"
                + "<json xmlns='urn:xmpp:json:0'>{\"seq\":2,\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":1}]}</json>"
                + "</payload></message>")
        #expect(try bench.sent().map { TestStation.condition($0) } == ["resource-constraint"])
        try bench.receive(FlowBench.report(1, 3))
        #expect(try bench.sent().map { TestStation.condition($0) } == ["unexpected-request"])
    }
}
