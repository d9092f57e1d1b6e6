// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMPPCore

@testable import DeviceManagement

/// The attacks on updates that the component can see, each refused for its own reason.
extension UpdateTests {
    /// What the operator is told.
    private func refusal(of arguments: JSON) -> String {
        do {
            _ = try bench.command("update.offer", arguments)
            return ""
        } catch { return "\(error)" }
    }

    private func refusal(_ manifest: JSON, serials: JSON = ["WX-1"]) -> String {
        refusal(of: ["serials": serials, "manifest": manifest, "deadline": .number(bench.clock.now().seconds + 3600)])
    }

    private func expect(_ refusal: String, _ condition: String, _ words: String, _ attack: String) {
        #expect(refusal.hasPrefix(condition) && refusal.contains(words), "\(attack): '\(refusal)'")
    }

    @Test func `no key is trusted, or another one has signed`() throws {
        expect(refusal(try manifest()), "forbidden", "no release key is trusted yet", "no key")
        try trust()
        expect(refusal(try manifest(key: P256PrivateKey())), "forbidden", "not signed by a trusted", "unknown key")
        expect(
            refusal(try manifest(key: bench.configuration.device.directorKey)), "forbidden", "not signed by a trusted",
            "the director signs a release")
    }

    @Test func `bytes that are not those that were signed`() throws {
        try trust()
        var document = try EnvelopeDocument(json: JSONDocument(try manifest().serialized()).root)
        document.payload = Array(String(decoding: document.payload, as: UTF8.self).replacing("\"2.0\"", with: "\"2.1\"").utf8)
        expect(refusal(document.json), "forbidden", "not signed by a trusted", "changed version")
        document = try EnvelopeDocument(json: JSONDocument(try manifest().serialized()).root)
        document.type = "assignment"
        expect(refusal(document.json), "bad-request", "no manifest", "another type of envelope")
    }

    @Test func `what does not fit the station`() throws {
        try trust()
        expect(refusal(try manifest(hardware: "rev-z")), "conflict", "not for hardware rev-b", "wrong hardware class")
        expect(refusal(try manifest(sequence: 0)), "conflict", "runs sequence 1", "lower sequence")
        expect(refusal(try manifest(sequence: 1)), "conflict", "runs sequence 1", "same sequence, another hash")
        expect(refusal(try manifest(sequence: 3, from: [2])), "conflict", "no step from sequence 1", "a sequence that leaps")
        #expect(refusal(try manifest(sequence: 3, from: [1, 2])) == "")
        expect(refusal(try manifest(sequence: 4)), "conflict", "under way", "a second offer")
    }

    @Test func `what has expired, and times beyond any calendar`() throws {
        try trust()
        let manifest = try manifest(expiresAfter: 60)
        let now = bench.clock.now().seconds
        expect(
            refusal(of: ["serials": ["WX-1"], "manifest": manifest, "deadline": .number(now - 1)]), "bad-request", "deadline", "past")
        for times: [JSON.Member] in [
            [.init("deadline", .number(1e17))], [.init("deadline", .number(-1))], [.init("deadline", .number(1e300))],
            [.init("deadline", .number(now + 9)), .init("notBefore", .number(1e300))],
            [.init("deadline", .number(now + 9)), .init("notBefore", "soon")],
        ] {
            let arguments = JSON.object([.init("serials", ["WX-1"]), .init("manifest", manifest)] + times)
            #expect(refusal(of: arguments).hasPrefix("bad-request"), "\(times)")
        }
        bench.advance(seconds: 61)
        expect(refusal(manifest), "bad-request", "the manifest has expired", "expired manifest")
    }

    @Test func `one offer goes to a thousand stations at most`() throws {
        try trust()
        let serials = (1...1001).map { JSON.string("WX-\($0)") }
        expect(refusal(try manifest(), serials: .array(serials)), "bad-request", "1 to 1000", "too many")
        expect(refusal(try manifest(), serials: .array([])), "bad-request", "1 to 1000", "none")
        expect(refusal(try manifest(), serials: .array(Array(serials.prefix(1000)))), "not-found", "WX-2", "at the limit")
        #expect(try state == nil, "one that does not fit undoes all")
    }

    @Test func `a station whose hardware nobody has told gets nothing`() throws {
        let maker = try CertificateAuthority.create(
            commonName: "Other CA", organization: "Other", key: P256PrivateKey(), validYears: 30,
            now: bench.clock.now().milliseconds / 1000)
        let foreign = try TestBench { $0.device.trustedMakers.append(maker.certificate) }
        let station = try TestStation(foreign, "FX-1")
        let leaf = try maker.issue(
            publicKey: station.identityKey.publicKey, commonName: "FX-1", serialNumber: "FX-1",
            xmppAddresses: ["fx-1@\(TestBench.onboardingHost)"], uris: ["urn:dev:ops:1-fx-FX-1"],
            notBefore: foreign.clock.now().milliseconds / 1000 - 60,
            notAfter: foreign.clock.now().milliseconds / 1000 + 86_400)
        station.identityChain = [leaf.der, maker.certificate.der]
        _ = try foreign.command("station.announce", ["serials": ["FX-1"]])
        #expect(TestStation.condition(try station.introduce()) == nil)
        _ = try foreign.command("release.trust", ["key": .string(Base64URL.encode(releaseKey.publicKey.point))])
        #expect(throws: CommandErrorBox("conflict")) {
            try boxed {
                try foreign.command(
                    "update.offer",
                    ["serials": ["FX-1"], "manifest": manifest(), "deadline": .number(foreign.clock.now().seconds + 60)])
            }
        }
    }

    @Test func `completed in a forger's words does not count`() throws {
        try trust()
        let job = try offer(try manifest())
        let offered = try received().update
        let nonce = try Assignment.decode(text: offered.assignment.payload).nonce
        let bare = UpdateStatus(job: job, status: .completed, version: "2.0", sequence: 2, nonce: nonce)
        #expect(TestStation.condition(try station.ask(from: station.jid, bare.element)) == "not-acceptable", "no signature")
        #expect(try complete(offered, key: P256PrivateKey()) == "not-acceptable", "another key")
        #expect(try complete(offered, version: "2.1") == "not-acceptable", "another version than was offered")
        #expect(try complete(offered, nonce: [UInt8](repeating: 0, count: 16)) == "not-acceptable", "another nonce")
        #expect(try state == "offered")
    }

    @Test func `firmware that goes back raises an alarm`() throws {
        _ = try station.logIn(version: "3.0", sequence: 3)
        _ = try station.logIn(version: "1.0", sequence: 1)
        let story = try bench.command("station.explain", ["serial": "WX-1"])
        #expect("\(story.text)".contains("firmware went back from 3 to 1"))
    }
}
