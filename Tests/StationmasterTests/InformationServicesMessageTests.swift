// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: reports in messages")
struct InformationServicesMessageTests {
    private let serial = "wx-1"

    private func report(_ seq: Int64, _ value: Double = 21.5) -> String {
        "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>\(InformationBench.body(seq, value))</json></report>"
    }

    private func payload(_ seq: Int64, kind: String = "urn:stationmaster:1#report") -> String {
        "<payload xmlns='urn:xmpp:json-msg:0' datatype='\(kind)'>"
            + "<json xmlns='urn:xmpp:json:0'>\(InformationBench.body(seq))</json></payload>"
    }

    private func message(_ from: String, _ children: String, type: String = "normal") -> String {
        "<message id='m' type='\(type)' from='\(from)' to='\(InformationBench.domain)'>\(children)</message>"
    }

    private func bench() throws -> (InformationBench, station: String) {
        let bench = try InformationBench()
        let station = try bench.install(serial)
        _ = try bench.sent()
        return (bench, station)
    }

    private func next(_ bench: InformationBench) throws -> Int64 { bench.services.nextSequence(try Serial(serial)) }

    @Test("A report is taken wherever it stands among what clients put into a message, and nothing answers it")
    func taken() throws {
        let (bench, station) = try bench()
        let around = "<body>hello</body><thread>t</thread><origin-id xmlns='urn:xmpp:sid:0' id='o'/>"
        for (index, children) in [report(1), around + report(2), payload(3), around + payload(4), report(5) + around].enumerated() {
            try bench.receive(message(station, children))
            #expect(try next(bench) == Int64(index) + 2)
        }
        try bench.receive(message(station, payload(6) + around + report(7) + payload(8)))
        #expect(try next(bench) == 9)
        #expect(try bench.sent().isEmpty)
    }

    @Test("If one report of a message is refused, none of them is stored, and the next message goes on as if it had not been")
    func allOrNone() throws {
        let (bench, station) = try bench()
        try bench.receive(message(station, report(1)))
        let bad = report(3).replacing("\"v\":", with: "\"w\":")
        try bench.receive(message(station, report(2) + bad))
        #expect(try bench.sent().map(\.refusal) == ["bad-request"])
        #expect(try next(bench) == 2)
        #expect(bench.services.reportCount == 1)
        try bench.receive(message(station, report(2, 7) + report(3)))
        #expect(try bench.sent().isEmpty)
        try bench.restart()
        #expect(try next(bench) == 4)
    }

    @Test(
        "What cannot be taken from a message is answered",
        arguments: ["<introduce xmlns='urn:stationmaster:1'/>", "<no-kind xmlns='urn:stationmaster:1'/>", "other", "resume"])
    func refused(_ what: String) throws {
        let (bench, station) = try bench()
        let child = what.hasPrefix("<") ? what : payload(1, kind: what == "other" ? what : "urn:stationmaster:1#" + what)
        try bench.receive(message(station, "<body>x</body>" + child))
        #expect(try bench.sent().map(\.refusal) == ["feature-not-implemented"])
        try bench.receive(message(station, child + report(1)))
        #expect(try bench.sent().map(\.refusal) == ["feature-not-implemented"])
        #expect(try next(bench) == 1)
    }

    @Test("An error is never answered, and a message that means nothing to the component neither")
    func silent() throws {
        let (bench, station) = try bench()
        try bench.receive(message(station, "<no-kind xmlns='urn:stationmaster:1'/>", type: "error"))
        try bench.receive(message(station, "<body>hello</body>"), message(station, ""))
        #expect(try bench.sent().isEmpty)
    }
}
