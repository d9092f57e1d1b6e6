// SPDX-License-Identifier: Apache-2.0
import Governance
import StationModel
import StationTesting
import Testing
import XMPPCore

@testable import InformationServices

@Suite("Information services: values")
struct InformationServicesValueTests {
    @Test(
        "The number of a report decides what happens with it",
        arguments: [
            (1, 0, false, false, SequenceVerdict.next),
            (5, 4, true, false, .next),
            (5, 0, false, false, .afterGap(missing: 1...4)),
            (7, 4, false, false, .afterGap(missing: 5...6)),
            (7, 4, true, false, .refused(expected: 5)),
            (7, 4, true, true, .afterGap(missing: 5...6)),
            (4, 4, true, false, .seenOrLate),
            (1, 4, false, true, .seenOrLate),
            (Int64.max, Int64.max, false, false, .seenOrLate),
            (Int64.max, Int64.max - 1, false, false, .next),
        ] as [(Int64, Int64, Bool, Bool, SequenceVerdict)])
    func judges(_ row: (sequence: Int64, last: Int64, owes: Bool, gap: Bool, verdict: SequenceVerdict)) {
        #expect(SequenceRule.judge(row.sequence, last: row.last, owes: row.owes, saysGap: row.gap) == row.verdict)
    }

    @Test("An item id is read exactly as it is written")
    func itemIdentifiers() {
        #expect(ItemIdentifier("1-4711") == ItemIdentifier(epoch: 1, position: 4711))
        #expect(ItemIdentifier(epoch: 3, position: .max).description == "3-9223372036854775807")
        for text in ["", "1", "1-", "-1", "1-0", "0-1", "01-1", "1-01", "1-1-1", "1 -1", "+1-1", "1-9223372036854775808", "１-1"] {
            #expect(ItemIdentifier(text) == nil, "\(text)")
        }
    }

    @Test("A name with a colon belongs to the station only with its serial before it")
    func names() throws {
        let serial = try Serial("WX-1")
        #expect(StationNames.local("temperature", of: serial) == "temperature")
        #expect(StationNames.local("wx-1:temperature", of: serial) == "temperature")
        #expect(StationNames.local("urn:dev:ops:32473-Model-wx-1:wind/speed", of: serial) == "wind/speed")
        #expect(StationNames.local("URN:DEV:OPS:32473-Model-WX-1:t", of: serial) == "t")
        for name in ["wx-2:temperature", "urn:dev:ops:32473-Model-wx-2:t", "urn:dev:mac:0024befffe804ff1:t", "urn:t",
            "urn:dev:ops:32473-Model-wx-1:wx-2:t", "urn:dev:ops:wx-1:t"]
        {
            #expect(StationNames.local(name, of: serial) == nil, "\(name)")
        }
    }

    @Test("The weather is told in words, from whatever units there are")
    func weather() throws {
        func record(_ name: String, _ unit: String, _ value: Double, time: Double = 0) -> SenMLRecord {
            SenMLRecord(name: name, unit: unit, value: .number(value), time: time)
        }
        func text(_ records: [SenMLRecord]) throws -> String {
            WeatherText.text(try SenMLPack(records).resolve(now: Timestamp(milliseconds: 0)))
        }
        #expect(
            try text([
                record("temperature", "Cel", 21.46), record("humidity", "%RH", 54), record("pressure", "Pa", 101_325),
                record("wind_speed", "m/s", 3.2), record("wind_gust", "m/s", 9), record("uv", "/", 3),
            ]) == "21.5 °C, 54 %RH, 1013 hPa, wind 3.2 m/s")
        #expect(try text([record("t", "K", 272.05), record("wind", "km/h", 36)]) == "-1.1 °C, wind 10.0 m/s")
        #expect(try text([record("temperature", "Cel", 1, time: 1), record("soil", "Cel", 9, time: 2)]) == "1.0 °C")
        #expect(try text([record("temperature", "Cel", 2, time: 5), record("temperature", "Cel", 1, time: 4)]) == "2.0 °C")
        #expect(try text([record("temperature", "Cel", -0.01)]) == "0.0 °C")
        #expect(try text([record("temperature", "Cel", 1e300)]) == "")
        #expect(try text([]) == "")
    }

    @Test("A grant covers what it says, and the oldest one counts")
    func verdicts() throws {
        let station = try Serial("WX-1")
        let other = try Serial("wx-2")
        let at = Timestamp(milliseconds: 0)
        let all = Grant(consumer: "nws.example", scope: .all, since: 5, at: at)
        let one = Grant(consumer: "nws.example", scope: .station(try Serial("wx-1")), since: 2, at: at)
        #expect(mayObserve(consumer: "nws.example", serial: station, grants: [all, one]) == .allowed(by: one))
        #expect(mayObserve(consumer: "nws.example", serial: other, grants: [all, one]) == .allowed(by: all))
        #expect(mayObserve(consumer: "nws.example", serial: other, grants: [one]) == .refused(.notCovered))
        #expect(mayObserve(consumer: "x.example", serial: station, grants: [all, one]) == .refused(.unknownConsumer))
        #expect(!mayObserve(consumer: "x.example", serial: station, grants: [all]).isAllowed)
    }

    @Test("A table of grants says since when a station may be seen")
    func grantTable() throws {
        let consumer = try JID("nws.example")
        let station = try Serial("wx-1")
        let at = Timestamp(milliseconds: 0)
        let all = Grant(consumer: "nws.example", scope: .all, since: 5, at: at)
        let one = Grant(consumer: "nws.example", scope: .station(station), since: 2, at: at)
        var table = GrantTable()
        #expect(table[consumer].since(station) == nil)
        table.add(all, to: consumer)
        #expect(table[consumer].since(station) == 5)
        table.add(one, to: consumer)
        #expect(table[consumer].since(station) == 2)
        #expect(table.sorted == [all, one])
        table.remove(all, of: consumer)
        #expect(table[consumer].since(try Serial("wx-2")) == nil)
        table.remove(one, of: consumer)
        #expect(table[consumer].isEmpty)
    }

    @Test("Pages of a list meet without a hole, in both directions")
    func listPages() throws {
        let all = (0..<10).map { "i\($0)" }
        func page(_ asked: RSMRequest?, limit: Int = 4) throws -> ListPage<String> {
            try ListPage(
                count: all.count, asked, limit: limit, item: { all[$0] }, id: { $0 }, find: { all.firstIndex(of: $0) })
        }
        var seen: [String] = []
        var next = try page(nil)
        while !next.items.isEmpty {
            seen += next.items
            next = try page(RSMRequest(after: next.result?.last))
        }
        #expect(seen == all)
        seen = []
        next = try page(RSMRequest(max: 3, before: ""))
        while !next.items.isEmpty {
            seen = next.items + seen
            next = try page(RSMRequest(max: 3, before: next.result?.first))
        }
        #expect(seen == all)
        #expect(try page(nil, limit: 10).result == nil)
        #expect(try page(RSMRequest(max: 0)).result == RSMResult(count: 10))
        #expect(try page(RSMRequest(max: 2, index: 9)).items == ["i9"])
        #expect(throws: StanzaError.self) { try page(RSMRequest(after: "none")) }
        for index in [10, 11, Int.max] {
            let beyond = try page(RSMRequest(max: 2, index: index))
            #expect(beyond.items.isEmpty && beyond.result == RSMResult(count: 10))
        }
    }
}
