// SPDX-License-Identifier: Apache-2.0
@testable import DeviceManagement
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("UC007-3, software update")
struct UpdateTests {
    let bench: TestBench
    let station: TestStation
    let releaseKey: P256PrivateKey

    init() throws {
        bench = try TestBench()
        station = try TestStation(bench, "WX-1")
        releaseKey = try P256PrivateKey()
        try station.install()
        _ = bench.sent()
    }

    func manifest(
        sequence: Int64 = 2, hardware: String = "rev-b", from: [Int64]? = nil, expiresAfter: Double = 86_400,
        key: P256PrivateKey? = nil
    ) throws -> JSON {
        let manifest = Manifest(
            id: "wx-2", sequence: sequence, vendor: "Maker", hardware: [hardware], version: "2.0", from: from,
            expires: bench.clock.now().seconds + expiresAfter,
            artifacts: [.init(size: 3, sha256: String(repeating: "a", count: 64), uris: ["file:///x"], format: "raw")])
        return try EnvelopeDocument.signed(
            type: "manifest", payload: manifest.json, role: "release", with: key ?? releaseKey
        ).json
    }

    func trust() throws {
        _ = try bench.command("release.trust", ["key": .string(Base64URL.encode(releaseKey.publicKey.point))])
    }

    @discardableResult
    func offer(_ manifest: JSON, after seconds: Double = 3600) throws -> String {
        let answer = try bench.command(
            "update.offer",
            ["serials": ["WX-1"], "manifest": manifest, "deadline": .number(bench.clock.now().seconds + seconds)])
        return try #require(answer["jobs"]?.items.first?["job"]?.string)
    }

    /// The offer that the component has just sent.
    func received() throws -> (id: String, update: Update) {
        let iq = try #require(bench.sent().last { $0.firstChild(Update.xmlName) != nil })
        let json = try #require(try TestStation.json(iq, Update.xmlName))
        return (try #require(iq["id"]), try Update.decode(json))
    }

    func answer(_ id: String, _ payload: Element) throws {
        let result = OutgoingStanza.iq("result", id: id, from: try station.jid, to: try JID(TestBench.domain), payload)
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        result.write(into: &writer)
        bench.receive(writer.take())
    }

    var state: String? {
        get throws { try bench.command("update.status")["jobs"]?.items.first?["state"]?.string }
    }

    func status(_ job: String, _ status: UpdateStatus.Status) throws -> String? {
        TestStation.condition(try station.ask(from: station.jid, UpdateStatus(job: job, status: status).element))
    }

    func complete(
        _ update: Update, version: String = "2.0", nonce: [UInt8]? = nil, key: P256PrivateKey? = nil
    ) throws -> String? {
        let assignment = try Assignment.decode(text: update.assignment.payload)
        let text = UpdateStatus(
            job: update.job, status: .completed, version: version, sequence: 2, nonce: nonce ?? assignment.nonce
        ).json.text
        let signer = key ?? station.operationalKey
        let signature = PayloadSignature(
            key: signer.publicKey.keyIdentifier,
            bytes: try DetachedSignature.sign(context: "update-status", text: Array(text.utf8), with: signer))
        return TestStation.condition(
            try station.ask(from: station.jid, Payload.element(UpdateStatus.xmlName, text: text, signature: signature)))
    }

    @Test func `an update goes from the offer to the signed report of the running version`() throws {
        try trust()
        let job = try offer(try manifest())
        let offered = try received()
        #expect(offered.update.job == job)
        try offered.update.assignment.envelope.verify(
            role: "director", keys: [bench.configuration.device.directorKey.publicKey], threshold: 1)
        try answer(offered.id, UpdateAnswer(job: job, answer: .accepted).element)
        #expect(try state == "accepted")
        for step in [UpdateStatus.Status.downloading, .installing, .restarting] {
            #expect(try status(job, step) == nil)
            #expect(try state == step.rawValue)
        }
        #expect(try complete(offered.update, key: P256PrivateKey()) == "not-acceptable")
        #expect(try complete(offered.update, version: "1.9") == "not-acceptable")
        #expect(try state == "restarting")
        #expect(try complete(offered.update) == nil)
        #expect(try state == "completed")
        #expect(try bench.command("station.show", ["serial": "WX-1"])["firmware"] == "2.0")
    }

    @Test func `an offer is made again at each login until it is answered, also after a restart`() throws {
        try trust()
        try station.logOut()
        let job = try offer(try manifest())
        #expect(bench.sent().allSatisfy { $0.firstChild(Update.xmlName) == nil }, "the station is not there")
        _ = try station.logIn()
        bench.advance(seconds: 1)
        try station.logOut()
        try bench.restart()
        _ = bench.sent()
        let jid = try station.jid
        bench.receive("<presence from='\(jid)' to='\(TestBench.domain)'/>")
        let offered = try received()
        #expect(offered.update.job == job)
        try answer(offered.id, UpdateAnswer(job: job, answer: .deferred, until: bench.clock.now().seconds + 60).element)
        #expect(try state == "deferred")
    }

    @Test func `an answer of another sender is ignored`() throws {
        try trust()
        let job = try offer(try manifest())
        let offered = try received()
        bench.receive(
            "<iq type='result' id='\(offered.id)' from='mallory@localhost/x' to='\(TestBench.domain)'><update-answer xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{\"job\":\"\(job)\",\"answer\":\"refused\"}</json></update-answer></iq>")
        #expect(try state == "offered")
    }

    @Test func `an update goes in XEP-0295 encoding to a station that speaks nothing else`() throws {
        station.encoding = .json
        _ = try station.logIn()
        _ = bench.sent()
        try trust()
        let job = try offer(try manifest())
        let outer = try #require(bench.sent().last { $0.firstChild(JSONStanza.name) != nil })
        let inner = try #require(try TestStation.unwrap(outer))
        #expect(inner.firstChild(Update.xmlName) != nil)
        var answer = OutgoingStanza.iq(
            "result", id: inner["id"], from: try station.jid, to: try JID(TestBench.domain),
            UpdateAnswer(job: job, answer: .accepted).element)
        answer.encoding = .json
        answer.outer = .answer(id: try #require(outer["id"]))
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        answer.write(into: &writer)
        bench.receive(writer.take())
        #expect(try state == "accepted")
    }
}

@Suite("Transition tables of jobs")
struct TransitionTableTests {
    @Test func `every state is reachable, has a way out, a deadline, and final states have none`() throws {
        let table = Updates.table
        let final: Set<String> = ["completed", "failed", "refused", "expired", "cancelled", "rolledBack"]
        var reached: Set<String> = ["offered"]
        while true {
            let more = Set(table.filter { reached.contains($0.state) }.map(\.next)).subtracting(reached)
            if more.isEmpty { break }
            reached.formUnion(more)
        }
        #expect(reached == Set(table.map(\.state)).union(table.map(\.next)))
        for state in reached {
            let rows = table.filter { $0.state == state }
            if final.contains(state) {
                #expect(rows.isEmpty, "\(state) is final")
            } else {
                #expect(rows.contains { $0.event == "deadline" }, "\(state) has no deadline")
                #expect(rows.contains { $0.event == "cancel" }, "\(state) cannot be cancelled")
            }
        }
        #expect(Set(table.map { "\($0.state) \($0.event)" }).count == table.count, "a move stands twice")
    }
}
