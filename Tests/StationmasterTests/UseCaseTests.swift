// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("UC007-1, in-factory engraving")
struct EngravingTests {
    @Test func `a unit of an open batch gets its identity and is released`() throws {
        let bench = try TestBench()
        let unit = try TestStation(bench, "WX-1")
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        let released = try unit.engrave()
        #expect(TestStation.condition(released) == nil)
        #expect(released?.firstChild(Released.xmlName) != nil)
        let leaf = try Certificate(der: try #require(unit.identityChain.first))
        #expect(leaf.xmppAddresses == ["wx-1@onboarding.localhost"])
        #expect(leaf.subjectSerialNumber == "WX-1")
        #expect(leaf.uris == ["urn:dev:ops:32473-WX1-WX-1"])
        _ = try StationCertificateProfile.verify(
            chain: [leaf], trustAnchors: [bench.makerAuthority.certificate], at: bench.clock.now().milliseconds / 1000)
        let shown = try bench.command("station.show", ["serial": "wx-1"])
        #expect(shown["state"] == "released")
        #expect(try bench.command("log.verify")["entries"]?.int64 == 3)
    }

    @Test func `the receipt is signed and names its place in the log`() throws {
        let bench = try TestBench()
        let unit = try TestStation(bench, "WX-1")
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        let answer = try unit.engrave(release: false)
        let json = try #require(try TestStation.json(answer, Engraved.xmlName))
        let receipt = try Engraved.decode(json).receipt
        #expect(receipt.type == "engraving-receipt")
        try receipt.envelope.verify(role: "maker", keys: [bench.configuration.device.directorKey.publicKey], threshold: 1)
        let body = try JSONDocument(receipt.payload).root
        let log = try bench.command("log")["entries"]?.items.last
        #expect(body["logHash"]?.string == log?["hash"]?.string)
    }

    @Test(arguments: [
        ("a serial outside the batch", "WX-9", TestBench.factoryHost, "WX1", 1.0, "forbidden"),
        ("another host", "WX-1", "elsewhere.localhost", "WX1", 1.0, "forbidden"),
        ("another model", "WX-1", TestBench.factoryHost, "WX2", 1.0, "forbidden"),
        ("a batch that is closed", "WX-1", TestBench.factoryHost, "WX1", 9.0, "forbidden"),
    ])
    func `refused`(why: String, serial: String, host: String, model: String, hours: Double, condition: String) throws {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        bench.advance(seconds: hours * 3600)
        let unit = try TestStation(bench, serial)
        let request = Engrave(
            serial: unit.serial, model: model, hardware: "rev-b", publicKey: unit.identityKey.publicKey.point)
        let answer = try unit.ask(from: JID("unit@\(host)/x"), request.element)
        #expect(TestStation.condition(answer) == condition, "\(why)")
    }

    @Test func `the same serial with another key is a conflict and raises an alarm`() throws {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        _ = try TestStation(bench, "WX-1").engrave()
        #expect(TestStation.condition(try TestStation(bench, "WX-1").engrave()) == "conflict")
        let entries = try bench.command("log")["entries"]?.items ?? []
        #expect(entries.contains { $0["action"]?.string == "alarm" && $0["subject"]?.string == "WX-1" })
    }

    @Test func `of fifty engravings of one serial at once exactly one wins`() throws {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        var proofs: [(TestStation, [UInt8])] = []
        for index in 0..<50 {
            let unit = try TestStation(bench, "WX-1")
            let from = try JID("unit\(index)@\(TestBench.factoryHost)/x")
            let answer = try unit.ask(
                from: from,
                Engrave(serial: unit.serial, model: "WX1", hardware: "b", publicKey: unit.identityKey.publicKey.point).element)
            let json = try #require(try TestStation.json(answer, ChallengePayload.xmlName))
            proofs.append((unit, try ChallengePayload.decode(json).message))
        }
        var engraved = 0
        for (index, proof) in proofs.enumerated() {
            let answer = try proof.0.ask(
                from: JID("unit\(index)@\(TestBench.factoryHost)/x"),
                Prove(message: proof.1, signature: proof.0.identityKey.sign(proof.1)).element)
            if answer?.firstChild(Engraved.xmlName) != nil { engraved += 1 } else {
                #expect(TestStation.condition(answer) == "conflict")
            }
        }
        #expect(engraved == 1)
    }

    @Test func `a reply that was lost can be had again with the same key`() throws {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        let unit = try TestStation(bench, "WX-1")
        _ = try unit.engrave(release: false)
        let first = unit.identityChain
        try bench.restart()
        _ = try unit.engrave(release: false)
        #expect(unit.identityChain == first)
    }

    @Test func `a challenge is used once, expires, and works for its asker alone`() throws {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        let unit = try TestStation(bench, "WX-1")
        func challenge() throws -> [UInt8] {
            let answer = try unit.ask(
                from: unit.factoryJID,
                Engrave(serial: unit.serial, model: "WX1", hardware: "b", publicKey: unit.identityKey.publicKey.point).element)
            return try ChallengePayload.decode(try #require(try TestStation.json(answer, ChallengePayload.xmlName))).message
        }
        let stolen = try challenge()
        let thief = try unit.ask(
            from: JID("thief@\(TestBench.factoryHost)/x"),
            Prove(message: stolen, signature: unit.identityKey.sign(stolen)).element)
        #expect(TestStation.condition(thief) == "forbidden")
        let late = try challenge()
        bench.advance(seconds: 301)
        let expired = try unit.ask(from: unit.factoryJID, Prove(message: late, signature: unit.identityKey.sign(late)).element)
        #expect(TestStation.condition(expired) == "forbidden")
        let good = try challenge()
        let wrong = try unit.ask(from: unit.factoryJID, Prove(message: good, signature: unit.operationalKey.sign(good)).element)
        #expect(TestStation.condition(wrong) == "forbidden")
        let again = try unit.ask(from: unit.factoryJID, Prove(message: good, signature: unit.identityKey.sign(good)).element)
        #expect(TestStation.condition(again) == "forbidden", "the nonce was used up by the wrong answer")
    }
}

@Suite("UC007-2, installation")
struct InstallationTests {
    @Test func `a station is introduced, gets its operational identity, and reports`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        _ = try station.engrave()
        #expect(TestStation.condition(try station.report(from: station.onboardingJID)) == "forbidden")
        #expect(TestStation.condition(try station.report(seq: 1)) == "forbidden", "not installed yet")
        _ = try bench.command("station.announce", ["serials": ["WX-1"]])
        let answer = try station.introduce()
        let online = try Online.decode(try #require(try TestStation.json(answer, Online.xmlName)))
        #expect(online.jid == (try JID("wx-1@stations.localhost")))
        #expect(online.nextSeq == 1)
        let leaf = try Certificate(der: try #require(online.certificates.first))
        #expect(leaf.xmppAddresses == ["wx-1@stations.localhost"])
        #expect(try leaf.publicKey == station.operationalKey.publicKey)
        let again = try station.logIn()
        #expect(try Online.decode(try #require(try TestStation.json(again, Online.xmlName))).certificates.isEmpty)
        #expect(TestStation.condition(try station.report(seq: 1)) == nil)
        #expect(try bench.command("station.show", ["serial": "WX-1"])["online"] == true)
    }

    enum Fault: String, CaseIterable { case unknown, notAnnounced, wrongKey, revoked, notReleased }

    @Test(arguments: Fault.allCases)
    func `unknown, not announced, wrong key and revoked get one and the same refusal`(fault: Fault) throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1"], "model": "WX1", "hours": 8])
        if fault == .unknown {
            // Genuine by its certificate, but never engraved here and never announced.
            let leaf = try bench.makerAuthority.issue(
                publicKey: station.identityKey.publicKey, commonName: "WX-1", serialNumber: "WX-1",
                xmppAddresses: ["wx-1@onboarding.localhost"], uris: [], notBefore: 1_700_000_000, notAfter: 1_900_000_000)
            station.identityChain = [leaf.der, bench.makerAuthority.certificate.der]
        } else {
            _ = try station.engrave(release: fault != .notReleased)
        }
        if fault != .unknown && fault != .notAnnounced {
            _ = try bench.command("station.announce", ["serials": ["WX-1"]])
        }
        if fault == .revoked { _ = try bench.command("station.revoke", ["serial": "WX-1"]) }
        let answer = try station.introduce(signingWith: fault == .wrongKey ? P256PrivateKey() : nil)
        #expect(TestStation.condition(answer) == "forbidden")
        let error = answer?.elements.first { $0.name.local == "error" }
        #expect(StanzaError(try #require(error))?.text == "not allowed")
    }

    @Test func `a station of a maker that the owner trusts is taken, of another one refused`() throws {
        let now = VirtualClock().now().milliseconds / 1000
        let foreign = try CertificateAuthority.create(
            commonName: "Other Maker", organization: "Other", key: P256PrivateKey(), validYears: 10, now: now)
        for trusted in [true, false] {
            let bench = try TestBench { if trusted { $0.device.trustedMakers.append(foreign.certificate) } }
            let station = try TestStation(bench, "OT-7")
            let leaf = try foreign.issue(
                publicKey: station.identityKey.publicKey, commonName: "OT-7", serialNumber: "OT-7",
                xmppAddresses: ["ot-7@onboarding.localhost"], uris: [], notBefore: now - 10, notAfter: now + 86_400)
            station.identityChain = [leaf.der, foreign.certificate.der]
            _ = try bench.command("station.announce", ["serials": ["OT-7"]])
            let answer = try station.introduce()
            #expect((answer?.firstChild(Online.xmlName) != nil) == trusted)
        }
    }

    @Test func `a revoked station is refused from then on`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        #expect(TestStation.condition(try station.report()) == nil)
        _ = try bench.command("station.revoke", ["serial": "WX-1"])
        #expect(TestStation.condition(try station.report()) == "forbidden")
        #expect(TestStation.condition(try station.logIn()) == "forbidden")
    }

    @Test func `all of it works wholly in XEP-0295 encoding`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        station.encoding = .json
        try station.install()
        #expect(TestStation.condition(try station.report()) == nil)
        #expect(try bench.command("station.show", ["serial": "WX-1"])["state"] == "installed")
    }

    @Test func `a report in a message of XEP-0432 is stored, and only a refusal is told`() throws {
        let bench = try TestBench()
        let station = try TestStation(bench, "WX-1")
        try station.install()
        _ = bench.sent()
        func message(_ from: JID, _ json: String) -> [Element] {
            bench.receive(
                "<message from='\(from)' to='\(TestBench.domain)' id='m'><payload xmlns='urn:xmpp:json-msg:0' "
                    + "datatype='urn:stationmaster:1#report'><json xmlns='urn:xmpp:json:0'>\(json)</json></payload></message>")
            return bench.sent()
        }
        let report = "{\"seq\":1,\"records\":[{\"n\":\"temperature\",\"v\":1}]}"
        #expect(message(try station.jid, report).isEmpty)
        #expect(try bench.command("status")["reports"]?.int64 == 1)
        #expect(TestStation.condition(try station.report(seq: 2)) == nil)
        #expect(TestStation.condition(message(try station.jid, "{\"seq\":0}").first) == "bad-request")
        #expect(TestStation.condition(message(try JID("mallory@localhost/x"), report).first) == "forbidden")
    }
}
