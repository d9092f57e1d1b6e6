// SPDX-License-Identifier: Apache-2.0
@testable import StationPKI
import Testing

/// No input may end the process. These tests pass by coming to their end; the seed is printed with a failure.
@Suite struct `Hostile input` {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `mutated certificates and requests are refused or read, never a trap`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let workshop = try Workshop()
        let leaf = try workshop.station()
        let samples = [
            leaf.der, workshop.authority.certificate.der,
            try CertificateSigningRequest(key: workshop.stationKey, commonName: "WX-7").der,
            try Certificate(pem: Fixtures.rsa).der, try Certificate(pem: Fixtures.wrongStringType).der,
        ]
        var accepted = 0
        for _ in 0..<1_000 {
            guard let sample = samples.randomElement(using: &generator) else { continue }
            let bytes = Self.mutate(sample, &generator)
            _ = try? CertificateSigningRequest(der: bytes)
            guard let certificate = try? Certificate(der: bytes) else { continue }
            #expect(try Certificate(pem: certificate.pem) == certificate)
            let verified = try? StationCertificateProfile.verify(
                chain: [certificate, workshop.authority.certificate].filter { $0 != leaf },
                trustAnchors: [workshop.authority.certificate], at: Workshop.now + 60)
            if verified != nil, bytes != leaf.der { accepted += 1 }
        }
        #expect(accepted == 0, "seed \(seed): a changed certificate was accepted")
    }

    @Test func `mutated keys, signatures and texts are refused or read, never a trap`() throws {
        var generator = SeededGenerator(seed: 21)
        let key = try P256PrivateKey()
        let pem = Array((key.pem + Fixtures.good).utf8)
        let raw = try PEM.blocks(in: key.pem)[0].der
        for _ in 0..<1_000 {
            let text = String(decoding: Self.mutate(pem, &generator), as: UTF8.self)
            _ = try? P256PrivateKey(pem: text)
            _ = try? Certificate.all(pem: text)
            _ = try? P256PrivateKey(pem: PEM.encode("PRIVATE KEY", Self.mutate(raw, &generator)))
            _ = P256Signature.raw(fromDER: Self.mutate([0x30, 6, 2, 1, 1, 2, 1, 1], &generator))
            _ = try? P256PublicKey(point: Self.mutate(key.publicKey.point, &generator))
            let signature = generator.bytes(Int.random(in: 0...80, using: &generator))
            #expect(!key.publicKey.verify(signature: signature, message: text.utf8.map { $0 }))
        }
    }

    @Test func `numbers in a signature that are too long are refused`() {
        let number = [UInt8](repeating: 0x7F, count: 33)
        #expect(P256Signature.raw(fromDER: DER.sequence([DER.element(2, number), DER.element(2, [1])])) == nil)
        #expect(P256Signature.raw(fromDER: DER.sequence([DER.element(2, [1]), DER.element(2, number)])) == nil)
        #expect(P256Signature.raw(fromDER: DER.sequence([DER.element(2, [0xFF]), DER.element(2, [1])])) == nil)
        #expect(P256Signature.raw(fromDER: DER.sequence([DER.element(2, [2]), DER.element(2, [1])]))?.count == 64)
    }

    private static func mutate(_ sample: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = sample
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
            case 4: bytes.removeSubrange(index...)
            default: bytes.insert(contentsOf: generator.bytes(Int.random(in: 1...40, using: &generator)), at: index)
            }
        }
        return bytes
    }
}

@Suite struct `Writing DER` {
    @Test func `lengths, numbers, bits and identifiers are written as X.690 says`() {
        #expect(DER.element(4, [UInt8](repeating: 1, count: 127)).prefix(2) == [4, 127])
        #expect(DER.element(4, [UInt8](repeating: 1, count: 128)).prefix(3) == [4, 0x81, 128])
        #expect(DER.element(4, [UInt8](repeating: 1, count: 65_536)).prefix(5) == [4, 0x83, 1, 0, 0])
        #expect(DER.integer(0) == [2, 1, 0])
        #expect(DER.integer(127) == [2, 1, 127])
        #expect(DER.integer(128) == [2, 2, 0, 128])
        #expect(DER.integer(.max) == [2, 8, 0x7F] + [UInt8](repeating: 0xFF, count: 7))
        #expect(DER.integer(-1) == [2, 1, 0])
        #expect(DER.namedBits([]) == [3, 1, 0])
        #expect(DER.namedBits([0]) == [3, 2, 7, 0x80])
        #expect(DER.namedBits([5, 6]) == [3, 2, 1, 0x06])
        #expect(DER.namedBits([8]) == [3, 3, 7, 0, 0x80])
        #expect(DER.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 8, 5]) == [6, 8, 0x2B, 6, 1, 5, 5, 7, 8, 5])
        #expect(DER.objectIdentifier([1, 2, 840, 113_549]) == [6, 6, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D])
        #expect(DER.objectIdentifier([1]) == [6, 0])
    }
}
