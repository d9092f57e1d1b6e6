// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Registry: batches, announcements, lists, what stations say of themselves")
struct RegistryTests {
    private func serials(_ range: Range<Int>, _ prefix: String = "AN") -> JSON {
        .array(range.map { .string("\(prefix)-\(10_000 + $0)") })
    }

    /// All pages of a list: serials and states.
    private func list(_ bench: TestBench, state: String? = nil, limit: Int = 1000) throws -> [(String, String)] {
        var rows: [(String, String)] = []
        var after: String?
        repeat {
            var arguments: [JSON.Member] = [.init("limit", .integer(Int64(limit)))]
            if let state { arguments.append(.init("state", .string(state))) }
            if let after { arguments.append(.init("after", .string(after))) }
            let page = try bench.command("station.list", .object(arguments))
            rows += page["stations"]?.items.map { ($0["serial"]?.string ?? "", $0["state"]?.string ?? "") } ?? []
            after = page["next"]?.string
        } while after != nil
        return rows
    }

    @Test func `announced serials and stations are listed together, in order, page by page, none lost`() throws {
        let bench = try TestBench()
        for start in [0, 1000] {
            _ = try bench.command("station.announce", ["serials": serials(start..<min(start + 1000, 1500))])
        }
        for serial in ["AA-1", "AN-10500", "ZZ-1"] {
            _ = try bench.command(
                "batch.open", ["name": .string(serial), "serials": [.string(serial)], "model": "WX1", "hours": 8])
            try TestStation(bench, serial).engrave()
        }
        let all = try list(bench)
        #expect(all.count == 1502)
        #expect(all.map(\.0) == all.map(\.0).sorted() && Set(all.map(\.0)).count == all.count)
        #expect(all.first?.1 == "released" && all.last?.1 == "released")
        #expect(all.first { $0.0 == "AN-10500" }?.1 == "released")
        #expect(try list(bench, limit: 7).map(\.0) == all.map(\.0))
        #expect(try list(bench, state: "announced").count == 1499)
        #expect(try list(bench, state: "released", limit: 1).count == 3)
        #expect(throws: (any Error).self) { try list(bench, state: "nonsense") }
    }

    @Test func `a command takes a thousand serials, and a batch is opened page by page, again where it broke off`() throws {
        let bench = try TestBench()
        #expect(throws: (any Error).self) { try bench.command("station.announce", ["serials": serials(0..<1001)]) }
        func open(_ page: JSON, model: JSON = "WX1") throws -> JSON {
            try bench.command("batch.open", ["name": "b", "serials": page, "model": model, "hours": 8])
        }
        func count() throws -> Int64? { try bench.command("batch.list")["batches"]?.items.first?["serials"]?.int64 }
        let first = try open(serials(0..<1000))
        #expect(try bench.command("batch.extend", ["name": "b", "serials": serials(1000..<1500)])["serials"]?.int64 == 500)
        bench.advance(seconds: 60)
        // The same again: nothing changes, not even when it closes.
        #expect(try open(serials(0..<1000))["closes"]?.double == first["closes"]?.double)
        _ = try bench.command("batch.extend", ["name": "b", "serials": serials(1000..<2000)])
        #expect(try count() == 2000)
        // Another batch of that name is none.
        #expect(throws: (any Error).self) { try open(serials(0..<1, "XX")) }
        #expect(throws: (any Error).self) { try open(serials(0..<1), model: "WX2") }
        _ = try bench.command("batch.open", ["name": "c", "serials": ["XX-1"], "model": "WX1", "hours": 8])
        #expect(throws: (any Error).self) { try bench.command("batch.extend", ["name": "b", "serials": ["YY-1", "XX-1"]]) }
        #expect(try count() == 2000, "a page is taken whole or not at all")
        bench.advance(seconds: 9 * 3600)
        #expect(throws: (any Error).self) { try bench.command("batch.extend", ["name": "b", "serials": ["YY-2"]]) }
    }

    @Test func `a station that runs less than it has run is alarmed about, and the floor stays where it was`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        _ = try station.logIn(version: "5.0", sequence: 5)
        _ = try station.logIn(version: "3.0", sequence: 3)
        func alarms() throws -> Int {
            try bench.command("log")["entries"]?.items.filter { $0["detail"]?.string?.contains("firmware went back from 5 to") == true }
                .count ?? 0
        }
        #expect(try alarms() == 1)
        try bench.restart()
        _ = try station.logIn(version: "4.0", sequence: 4)
        #expect(try alarms() == 2, "4 is above 3, but below what has run")
        #expect(try bench.command("station.show", ["serial": "WX-1"])["firmwareSequence"]?.int64 == 4)
    }

    @Test func `the position is kept, also where a later introduction names none`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        let request = Introduce(
            serial: station.serial, firmware: .init(version: "1.0", sequence: 1),
            position: .init(latitude: 52.5163, longitude: 13.3777, altitude: 34))
        _ = try station.ask(from: station.jid, request.element)
        try bench.restart()
        _ = try station.logIn()
        let place = try bench.command("station.show", ["serial": "WX-1"])["position"]
        #expect(place?["lat"]?.double == 52.5163 && place?["lon"]?.double == 13.3777 && place?["alt"]?.double == 34)
    }

    // MARK: - Other makers

    private func foreign(_ serial: String, from name: String = "Other Maker") throws -> (TestBench, TestStation) {
        let now = VirtualClock().now().milliseconds / 1000
        let other = try CertificateAuthority.create(
            commonName: name, organization: "Maker", key: P256PrivateKey(), validYears: 10, now: now)
        let bench = try TestBench { $0.device.trustedMakers.append(other.certificate) }
        let station = try TestStation(bench, serial)
        let leaf = try other.issue(
            publicKey: station.identityKey.publicKey, commonName: serial, serialNumber: serial,
            xmppAddresses: ["\(serial.lowercased())@\(TestBench.onboardingHost)"], uris: ["urn:dev:ops:1-theirs-\(serial)"],
            notBefore: now - 10, notAfter: now + 86_400)
        station.identityChain = [leaf.der, other.certificate.der]
        _ = try bench.command("station.announce", ["serials": [.string(serial)]])
        return (bench, station)
    }

    @Test func `the names in our certificate are ours, whatever another maker has written`() throws {
        let (_, station) = try foreign("OT-7")
        let online = try Online.decode(try #require(try TestStation.json(try station.introduce(), Online.xmlName)))
        let leaf = try Certificate(der: try #require(online.certificates.first))
        #expect(leaf.uris.isEmpty && leaf.xmppAddresses == ["ot-7@stations.localhost"])
    }

    @Test func `a serial that stands in our own batch is not taken by another maker`() throws {
        let (bench, station) = try foreign("WX-1")
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        #expect(TestStation.condition(try station.introduce()) == "forbidden")
    }

    /// Names of issuers are for people: two authorities may have the same.
    @Test func `another maker of the same name is still another maker`() throws {
        let (_, station) = try foreign("OT-7", from: "Maker CA")
        #expect(try station.introduce()?.firstChild(Online.xmlName) != nil)
    }

    // MARK: - Memory

    @Test func `a handler that fails leaves the roster as it was`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        #expect(try bench.command("station.show", ["serial": "WX-1"])["online"] == true)
        // What the handler writes last, when all else is done.
        try StoreLook.execute(
            bench,
            """
            CREATE TRIGGER refused BEFORE INSERT ON journal WHEN NEW.text = 'revoked' BEGIN SELECT RAISE(ABORT, 'refused'); END
            """)
        #expect(throws: (any Error).self) { try bench.command("station.revoke", ["serial": "WX-1"]) }
        let shown = try bench.command("station.show", ["serial": "WX-1"])
        #expect(shown["online"] == true && shown["state"] == "installed")
    }
}
