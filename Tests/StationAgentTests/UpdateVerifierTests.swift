// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI
import StationProtocol
import Testing

@testable import StationAgent

@Suite struct UpdateVerifierTests {
    private let now = UpdateFixture.now

    private func refusal(
        _ verifier: UpdateVerifier, _ offer: Update, at time: Int64? = nil
    ) -> UpdateRefusal.Reason? {
        do throws(UpdateRefusal) {
            _ = try verifier.verify(offer, now: time ?? now)
            return nil
        } catch { return error.reason }
    }

    @Test func `a good offer passes`() throws {
        let fixture = try UpdateFixture()
        let verified = try fixture.verifier().verify(fixture.offer(), now: now)
        #expect(verified.manifest == fixture.manifest)
        #expect(!verified.runsAlready)
        #expect(verified.window == UpdateWindow(notBefore: now - 60, deadline: now + 7200))
    }

    @Test func `what runs already is no refusal`() throws {
        let fixture = try UpdateFixture()
        let verifier = try fixture.verifier(sequence: 6, manifest: fixture.manifestHash)
        #expect(try verifier.verify(fixture.offer(), now: now).runsAlready)
    }

    @Test func `each attack is refused for its own reason`() throws {
        let good = try UpdateFixture()
        func attack(_ change: (inout UpdateFixture) throws -> Void) throws -> UpdateRefusal.Reason? {
            var fixture = good
            try change(&fixture)
            return refusal(try good.verifier(), try fixture.offer())
        }
        let stranger = try P256PrivateKey()
        #expect(try attack { $0.manifest.sequence = 4; $0.assignment.sequence = 4 } == .lowerSequence)
        #expect(try attack { $0.manifest.sequence = 5; $0.assignment.sequence = 5 } == .sameSequenceOtherHash)
        #expect(try attack { $0.manifest.expires = Double(self.now - 1) } == .expiredManifest)
        #expect(try attack { $0.assignment.expires = Double(self.now - 1) } == .expiredAssignment)
        #expect(try attack { $0.assignment.serial = try Serial("wx-2") } == .otherStation)
        #expect(try attack { $0.manifest.hardware = ["rev-c"] } == .wrongHardware)
        #expect(try attack { $0.releaseSigner = stranger } == .unknownKey)
        #expect(try attack { $0.directorSigner = stranger } == .unknownKey)
        #expect(try attack { $0.manifest.from = [3, 4] } == .leap)
        #expect(try attack { $0.manifest.from = [4, 5] } == nil)
        #expect(try attack { $0.keepsHash = true; $0.assignment.manifest = String(repeating: "0", count: 64) } == .otherManifest)
        #expect(try attack { $0.assignment.sequence = 7 } == .otherSequence)
        #expect(try attack { $0.assignment.deadline = Double(self.now) } == .windowOver)
        #expect(try attack { $0.assignment.notBefore = Double(self.now + 8000) } == .windowOver)
        #expect(try attack { $0.manifest.artifacts[0].size = 513 << 20 } == .artifactTooLarge)
        #expect(try attack { $0.manifest.artifacts[0].size = 512 << 20 } == nil)
    }

    @Test func `a role's key is good for that role alone`() throws {
        let good = try UpdateFixture()
        var fixture = good
        fixture.releaseSigner = good.director
        #expect(refusal(try good.verifier(), try fixture.offer()) == .unknownKey)
        fixture = good
        fixture.directorSigner = good.release
        #expect(refusal(try good.verifier(), try fixture.offer()) == .unknownKey)
    }

    @Test func `a signature in a known key's name that does not verify is a forgery`() throws {
        let fixture = try UpdateFixture()
        var offer = try fixture.offer()
        offer.manifest.signatures[0].signature[10] ^= 1
        #expect(refusal(try fixture.verifier(), offer) == .badSignature)
        offer = try fixture.offer()
        offer.assignment.payload[offer.assignment.payload.count - 2] ^= 1
        #expect(refusal(try fixture.verifier(), offer) == .badSignature)
    }

    @Test func `a manifest shown as an assignment is not readable, however well it is signed`() throws {
        let fixture = try UpdateFixture()
        var offer = try fixture.offer()
        offer.assignment = try UpdateFixture.envelope(
            "manifest", fixture.manifest.json.serialized(), "director", fixture.director)
        #expect(refusal(try fixture.verifier(), offer) == .unreadable)
        offer.assignment = try UpdateFixture.envelope("assignment", Array("{}".utf8), "director", fixture.director)
        #expect(refusal(try fixture.verifier(), offer) == .unreadable)
    }

    @Test func `a station that trusts nobody takes nothing`() throws {
        let fixture = try UpdateFixture()
        var verifier = try fixture.verifier()
        verifier.directorKey = nil
        #expect(refusal(verifier, try fixture.offer()) == .unknownKey)
        verifier = try fixture.verifier()
        verifier.releaseKeys = []
        #expect(refusal(verifier, try fixture.offer()) == .unknownKey)
    }

    @Test func `an artifact that cannot be fetched here is no artifact`() throws {
        let fixture = try UpdateFixture()
        var verifier = try fixture.verifier()
        verifier.canFetch = { !$0.hasPrefix("https:") }
        #expect(refusal(verifier, try fixture.offer()) == .noArtifact)
    }

    @Test func `expiry counts to the second`() throws {
        let fixture = try UpdateFixture()
        let offer = try fixture.offer()
        #expect(refusal(try fixture.verifier(), offer, at: now + 3600) == nil)
        #expect(refusal(try fixture.verifier(), offer, at: now + 3601) == .expiredAssignment)
    }
}
