// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import Testing
import XMLStream
import XMPPCore

/// The examples of `WireProtocol.md` are test vectors for people who write a station: what they sign must hold.
@Suite struct WireVectorTests {
    /// The payloads of one kind, in the order of the document.
    private func examples<Kind: PayloadKind>(_ kind: Kind.Type) throws -> [Kind] {
        try DocumentTests.wirePayloads().filter { $0.isNamed(Kind.xmlName) }.map { try Kind.decode($0) }
    }

    private func envelope(_ document: EnvelopeDocument) -> Envelope {
        Envelope(
            type: document.type, payload: document.payload,
            signatures: document.signatures.map {
                Envelope.Signature(role: $0.role, key: $0.key, algorithm: $0.alg, signature: $0.signature)
            })
    }

    @Test func `The challenges are read, and the proofs hold`() throws {
        let key = try P256PublicKey(point: try #require(try examples(Engrave.self).first).publicKey)
        let challenges = try examples(ChallengePayload.self)
        let proofs = try examples(Prove.self)
        #expect(challenges.count == 2 && proofs.count == 2)
        for (challenge, proof) in zip(challenges, proofs) {
            let message = try #require(Challenge(message: challenge.message))
            #expect(message.keyIdentifier == key.keyIdentifier)
            #expect(Double(message.expires) == challenge.expires)
            #expect(proof.message == challenge.message)
            #expect(key.verify(signature: proof.signature, message: proof.message))
        }
    }

    @Test func `The envelopes hold under the keys that the station was told`() throws {
        let online = try #require(try examples(Online.self).first)
        let director = try P256PublicKey(point: online.directorKey)
        let release = try online.releaseKeys.map { try P256PublicKey(point: $0) }
        let update = try #require(try examples(Update.self).first)
        #expect(throws: Never.self) { try envelope(update.manifest).verify(role: "release", keys: release) }
        #expect(throws: Never.self) { try envelope(update.assignment).verify(role: "director", keys: [director]) }
        let receipt = try #require(try examples(Engraved.self).first).receipt
        #expect(throws: Never.self) { try envelope(receipt).verify(role: "maker", keys: [director]) }
        let manifest = try Manifest.decode(text: update.manifest.payload)
        let assignment = try Assignment.decode(text: update.assignment.payload)
        #expect(assignment.sequence == manifest.sequence)
    }

    @Test func `The completed update is signed by the key that the text names`() throws {
        let completed = try DocumentTests.wirePayloads().compactMap { element in
            PayloadSignature(in: element).map { (element, $0) }
        }
        let (element, signature) = try #require(completed.first)
        let text = try JSONContainer.json(in: element).bytes
        let point = try #require(
            Project.text(DocumentTests.wirePath).firstMatch(of: /here the point `([A-Za-z0-9_-]+)`/)?.output.1)
        let key = try P256PublicKey(point: try #require(Base64URL.decode(String(point))))
        #expect(key.keyIdentifier == signature.key)
        #expect(DetachedSignature.verify(context: "update-status", text: text, signature: signature.bytes, key: key))
    }
}
