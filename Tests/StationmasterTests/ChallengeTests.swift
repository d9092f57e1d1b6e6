// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import StationStore
import StationTesting
import Synchronization
import Testing
import XMPPCore

@Suite("Challenges and what is proven with them")
struct ChallengeTests {
    private func play() throws -> (TestBench, TestStation) {
        let bench = try TestBench()
        _ = try bench.command("batch.open", ["name": "b", "serials": ["WX-1", "WX-2"], "model": "WX1", "hours": 8])
        return (bench, try TestStation(bench, "WX-1"))
    }

    private func engraving(_ unit: TestStation, from: JID? = nil) throws -> [UInt8] {
        let request = Engrave(
            serial: unit.serial, model: "WX1", hardware: "b", publicKey: unit.identityKey.publicKey.point)
        let answer = try unit.ask(from: try from ?? unit.factoryJID, request.element)
        return try ChallengePayload.decode(try #require(try TestStation.json(answer, ChallengePayload.xmlName))).message
    }

    @Test func `a challenge survives a restart before it is answered`() throws {
        let (bench, unit) = try play()
        let message = try engraving(unit)
        try bench.restart()
        let answer = try unit.ask(
            from: unit.factoryJID, Prove(message: message, signature: unit.identityKey.sign(message)).element)
        #expect(answer?.firstChild(Engraved.xmlName) != nil)
    }

    @Test func `a challenge that was made for another purpose is refused`() throws {
        let (bench, unit) = try play()
        _ = try unit.engrave()
        _ = try bench.command("station.announce", ["serials": ["WX-1"]])
        // One for engraving, answered as an introduction, with all that belongs to one.
        let message = try engraving(unit)
        let request = try CertificateSigningRequest(key: unit.operationalKey, commonName: "WX-1")
        let proof = Prove(message: message, signature: try unit.identityKey.sign(message), csr: request.der)
        #expect(TestStation.condition(try unit.ask(from: unit.onboardingJID, proof.element)) == "forbidden")
        // And the other way about.
        let introduce = Introduce(
            serial: unit.serial, firmware: .init(version: "1.0", sequence: 1), certificates: unit.identityChain)
        let answer = try unit.ask(from: unit.onboardingJID, introduce.element)
        let other = try ChallengePayload.decode(try #require(try TestStation.json(answer, ChallengePayload.xmlName))).message
        let engraving = Prove(message: other, signature: try unit.identityKey.sign(other))
        #expect(TestStation.condition(try unit.ask(from: unit.factoryJID, engraving.element)) == "forbidden")
        #expect(try bench.command("station.show", ["serial": "WX-1"])["state"] == "released")
    }

    @Test func `challenges that have run out go, also where new ones come all the time`() throws {
        let (bench, unit) = try play()
        _ = try engraving(unit, from: JID("early@\(TestBench.factoryHost)/x"))
        for index in 0..<12 {
            bench.advance(seconds: 60)
            _ = try engraving(unit, from: JID("unit\(index)@\(TestBench.factoryHost)/x"))
        }
        #expect(try StoreLook.count(bench, "challenge") <= 7, "those of the last five minutes, and of the minute that is begun")
    }

    @Test func `a receipt that a crash has left unsigned is signed when the unit asks again`() throws {
        let (bench, unit) = try play()
        _ = try unit.engrave(release: false)
        try StoreLook.execute(
            bench,
            """
            UPDATE station SET receipt = json_set(receipt, '$.signatures', json('[]'))
            """)
        let answer = try unit.engrave(release: false)
        let receipt = try Engraved.decode(try #require(try TestStation.json(answer, Engraved.xmlName))).receipt
        try receipt.envelope.verify(role: "maker", keys: [bench.configuration.device.directorKey.publicKey], threshold: 1)
        #expect(try JSONDocument(receipt.payload).root["logSequence"]?.int64 == 2)
    }

    @Test func `the same alarm is written once a minute, with how often it was raised`() throws {
        let (bench, unit) = try play()
        _ = try unit.engrave()
        for index in 0..<100 {
            let other = try TestStation(bench, "WX-1")
            let request = Engrave(
                serial: other.serial, model: "WX1", hardware: "b", publicKey: other.identityKey.publicKey.point)
            let answer = try other.ask(from: JID("unit\(index)@\(TestBench.factoryHost)/x"), request.element)
            #expect(TestStation.condition(answer) == "conflict")
        }
        #expect(try alarms(bench).count == 1)
        bench.advance(seconds: 61)
        #expect(try alarms(bench).count == 2)
        #expect(try alarms(bench).last?.contains("99 more within a minute") == true)
        bench.advance(seconds: 300)
        #expect(try alarms(bench).count == 2)
        _ = try TestStation(bench, "WX-1").engrave()
        #expect(try alarms(bench).count == 3, "after the silence it is new")
    }

    private func alarms(_ bench: TestBench) throws -> [String] {
        try bench.command("log")["entries"]?.items.filter { $0["action"]?.string == "alarm" }
            .compactMap { $0["detail"]?.string } ?? []
    }

    // MARK: - The same work

    private final class Steps: Sendable {
        private let steps = Mutex<[IntroductionCheck.Step]>([])
        func add(_ step: IntroductionCheck.Step) { steps.withLock { $0.append(step) } }
        var all: [IntroductionCheck.Step] { steps.withLock { $0 } }
    }

    enum Fault: CaseIterable { case none, noChallenge, noChain, brokenChain, strangersChain, wrongProof, noRequest, brokenRequest, otherAddress }

    @Test(arguments: Fault.allCases)
    func `whatever is wrong with an introduction, the same checks are made`(fault: Fault) throws {
        let bench = try TestBench()
        let stranger = try CertificateAuthority.create(
            commonName: "Stranger", organization: "S", key: P256PrivateKey(), validYears: 10, now: 1_767_225_600)
        let (key, other) = (try P256PrivateKey(), try P256PrivateKey())
        let authority = fault == .strangersChain ? stranger : bench.makerAuthority
        let leaf = try authority.issue(
            publicKey: key.publicKey, commonName: "WX-1", serialNumber: "WX-1",
            xmppAddresses: ["WX-1@Onboarding.localhost"], uris: ["urn:of:the:maker"], notBefore: 1_767_225_500, notAfter: 1_900_000_000)
        var chain = [leaf.der, authority.certificate.der]
        if fault == .noChain { chain = [] }
        if fault == .brokenChain { chain = [[1, 2, 3]] }
        let steps = Steps()
        var check = IntroductionCheck(authority: bench.makerAuthority, trustAnchors: [bench.makerAuthority.certificate])
        check.observe = { steps.add($0) }
        let request = Introduce(serial: try Serial("WX-1"), firmware: .init(version: "1", sequence: 1), certificates: chain)
        var csr: [UInt8]? = try CertificateSigningRequest(key: other, commonName: "x").der
        if fault == .noRequest { csr = nil }
        if fault == .brokenRequest { csr = [4, 5, 6] }
        let prove = Prove(message: [7], signature: try (fault == .wrongProof ? other : key).sign([7]), csr: csr)
        let from = try JID(fault == .otherAddress ? "wx-2@onboarding.localhost/x" : "wx-1@onboarding.localhost/x")
        let evidence = check.evidence(fault == .noChallenge ? nil : request, prove, from: from, at: 1_767_225_600)
        #expect((evidence != nil) == (fault == .none), "an address in another spelling is the same address")
        #expect(steps.all == [.chain, .proof, .request])
    }
}
