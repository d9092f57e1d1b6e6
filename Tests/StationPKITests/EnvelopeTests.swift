// SPDX-License-Identifier: Apache-2.0
import StationPKI
import Testing

@Suite struct `Envelopes` {
    private let payload = Array(#"{"id":"fw-1"}"#.utf8)

    @Test func `two of three keys are enough when two are asked for`() throws {
        let keys = try (0..<3).map { _ in try P256PrivateKey() }
        var envelope = Envelope(type: "manifest", payload: payload)
        try envelope.sign(role: "release", with: keys[2])
        #expect(envelope.signatures[0].algorithm == "ES256")
        #expect(envelope.signatures[0].key == keys[2].publicKey.keyIdentifier)
        let holders = keys.map(\.publicKey)
        #expect(refusal { try envelope.verify(role: "release", keys: holders) } == nil)
        #expect(refusal { try envelope.verify(role: "release", keys: holders, threshold: 2) } == .threshold)
        try envelope.sign(role: "release", with: keys[0])
        #expect(refusal { try envelope.verify(role: "release", keys: holders, threshold: 2) } == nil)
        #expect(refusal { try envelope.verify(role: "release", keys: holders, threshold: 3) } == .threshold)
        #expect(refusal { try envelope.verify(role: "release", keys: holders, threshold: .max) } == .threshold)
        #expect(refusal { try envelope.verify(role: "release", keys: holders, threshold: .min) } == nil)
    }

    @Test func `one key twice is one key`() throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: "manifest", payload: payload)
        try envelope.sign(role: "release", with: key)
        try envelope.sign(role: "release", with: key)
        #expect(envelope.signatures[0].signature != envelope.signatures[1].signature)
        #expect(refusal {
            try envelope.verify(role: "release", keys: [key.publicKey, key.publicKey], threshold: 2)
        } == .threshold)
    }

    @Test func `an envelope of one type never passes for another`() throws {
        let key = try P256PrivateKey()
        var receipt = Envelope(type: "engraving-receipt", payload: payload)
        try receipt.sign(role: "release", with: key)
        let manifest = Envelope(type: "manifest", payload: payload, signatures: receipt.signatures)
        #expect(refusal { try manifest.verify(role: "release", keys: [key.publicKey]) } == .invalidSignature)
    }

    @Test func `a changed payload is refused`() throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: "manifest", payload: payload)
        try envelope.sign(role: "release", with: key)
        for index in payload.indices {
            var changed = payload
            changed[index] ^= 1
            let other = Envelope(type: "manifest", payload: changed, signatures: envelope.signatures)
            #expect(refusal { try other.verify(role: "release", keys: [key.publicKey]) } == .invalidSignature)
        }
        let longer = Envelope(type: "manifest", payload: payload + [0x20], signatures: envelope.signatures)
        #expect(refusal { try longer.verify(role: "release", keys: [key.publicKey]) } == .invalidSignature)
    }

    @Test func `unknown keys and other roles do not count`() throws {
        let (known, stranger) = (try P256PrivateKey(), try P256PrivateKey())
        var envelope = Envelope(type: "manifest", payload: payload)
        #expect(refusal { try envelope.verify(role: "release", keys: [known.publicKey]) } == .noSignature)
        try envelope.sign(role: "director", with: known)
        #expect(refusal { try envelope.verify(role: "release", keys: [known.publicKey]) } == .noSignature)
        try envelope.sign(role: "release", with: stranger)
        #expect(refusal { try envelope.verify(role: "release", keys: [known.publicKey]) } == .unknownKey)
        #expect(refusal { try envelope.verify(role: "release", keys: []) } == .unknownKey)
        #expect(refusal { try envelope.verify(role: "release", keys: [known.publicKey], threshold: 0) } == .unknownKey)
        // A stranger's signature under the name of a key that is known.
        let forged = Envelope.Signature(
            role: "release", key: known.publicKey.keyIdentifier, signature: envelope.signatures[1].signature)
        let other = Envelope(type: "manifest", payload: payload, signatures: [forged])
        #expect(refusal { try other.verify(role: "release", keys: [known.publicKey]) } == .invalidSignature)
        // Once enough have signed, further ones do no harm.
        try envelope.sign(role: "release", with: known)
        #expect(refusal { try envelope.verify(role: "release", keys: [known.publicKey]) } == nil)
    }

    @Test func `the algorithm is named, and is one`() throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: "manifest", payload: payload)
        try envelope.sign(role: "release", with: key)
        for algorithm in ["none", "", "es256", "ES384"] {
            let renamed = envelope.signatures.map {
                Envelope.Signature(role: $0.role, key: $0.key, algorithm: algorithm, signature: $0.signature)
            }
            let other = Envelope(type: "manifest", payload: payload, signatures: renamed)
            #expect(refusal { try other.verify(role: "release", keys: [key.publicKey]) } == .invalidSignature)
        }
    }

    @Test(arguments: ["", "a\nb", "Manifest", "a b", "é", String(repeating: "a", count: 65)])
    func `a type that could be taken for something else is refused`(type: String) throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: type, payload: payload)
        #expect(refusal { try envelope.sign(role: "release", with: key) } == .invalidValue)
        #expect(refusal { try envelope.verify(role: "release", keys: [key.publicKey]) } == .invalidValue)
    }

    @Test func `the number of signatures is bounded`() throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: "manifest", payload: payload)
        for _ in 0..<PKILimits.envelopeSignatures { try envelope.sign(role: "release", with: key) }
        #expect(refusal { try envelope.verify(role: "release", keys: [key.publicKey]) } == nil)
        #expect(refusal { try envelope.sign(role: "release", with: key) } == .tooLarge)
        let many = Envelope(type: "manifest", payload: payload, signatures: envelope.signatures + envelope.signatures.prefix(1))
        #expect(refusal { try many.verify(role: "release", keys: [key.publicKey]) } == .tooLarge)
    }

    @Test func `the signed bytes are as published`() throws {
        let key = try P256PrivateKey()
        var envelope = Envelope(type: "manifest", payload: payload)
        try envelope.sign(role: "release", with: key)
        let message = Array("stationmaster:1:manifest\n".utf8) + payload
        #expect(key.publicKey.verify(signature: envelope.signatures[0].signature, message: message))
    }
}

@Suite struct `Detached signatures` {
    @Test func `text, context and key all count`() throws {
        let (key, other) = (try P256PrivateKey(), try P256PrivateKey())
        let text = Array(#"{"job":"j1","status":"completed"}"#.utf8)
        let signature = try DetachedSignature.sign(context: "update-status", text: text, with: key)
        func isGood(_ context: String, _ text: [UInt8], _ signature: [UInt8], _ key: P256PrivateKey) -> Bool {
            DetachedSignature.verify(context: context, text: text, signature: signature, key: key.publicKey)
        }
        #expect(isGood("update-status", text, signature, key))
        #expect(!isGood("update-answer", text, signature, key))
        #expect(!isGood("update-status\n", text, signature, key))
        #expect(!isGood("", text, signature, key))
        #expect(!isGood("update-status", text + [0x20], signature, key))
        #expect(!isGood("update-status", text, signature, other))
        #expect(!isGood("update-status", text, [], key))
        #expect(refusal { _ = try DetachedSignature.sign(context: "a\nb", text: text, with: key) } == .invalidValue)
        #expect(key.publicKey.verify(signature: signature, message: Array("stationmaster:1:update-status\n".utf8) + text))
    }
}
