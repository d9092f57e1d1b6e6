// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationPKI
import Testing

@Suite struct `Keys on P-256` {
    @Test func `a signature verifies, and nothing like it does`() throws {
        let key = try P256PrivateKey()
        let message = Array("the quick brown fox".utf8)
        let signature = try key.sign(message)
        #expect(signature.count == 64)
        #expect(key.publicKey.verify(signature: signature, message: message))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!key.publicKey.verify(signature: changed, message: message), "octet \(index)")
        }
        for index in message.indices {
            var changed = message
            changed[index] ^= 1
            #expect(!key.publicKey.verify(signature: signature, message: changed), "octet \(index)")
        }
        #expect(!key.publicKey.verify(signature: signature, message: message + [0]))
        #expect(try !P256PrivateKey().publicKey.verify(signature: signature, message: message))
    }

    @Test func `an empty message is a message`() throws {
        let key = try P256PrivateKey()
        #expect(key.publicKey.verify(signature: try key.sign([]), message: []))
    }

    @Test func `signatures of other shapes are refused`() throws {
        let key = try P256PrivateKey()
        let signature = try key.sign([1])
        let order = try #require(Hex.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
        let zero = [UInt8](repeating: 0, count: 32)
        let r = Array(signature.prefix(32))
        let s = Array(signature.suffix(32))
        let highest = [UInt8](repeating: 0xFF, count: 64)
        let shapes: [[UInt8]] = [
            [], [0], signature.dropLast(), signature + [0], [0] + signature, zero + zero, r + zero, zero + s, order + s,
            r + order, highest, s + r,
        ]
        for shape in shapes {
            #expect(!key.publicKey.verify(signature: shape, message: [1]))
        }
    }

    /// RFC 7515 appendix A.3: the signature of another implementation.
    @Test func `the example of RFC 7515 verifies`() throws {
        let x = try #require(Base64URL.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"))
        let y = try #require(Base64URL.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
        let input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = try #require(
            Base64URL.decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
        let key = try P256PublicKey(point: [4] + x + y)
        #expect(key.verify(signature: signature, message: Array(input.utf8)))
    }

    @Test func `the key identifier is the hash of the point`() throws {
        let key = try P256PrivateKey().publicKey
        #expect(key.keyIdentifier == Base64URL.encode(Digest.sha256(key.point)))
        #expect(try P256PublicKey(point: key.point) == key)
    }

    @Test func `a point that is not on the curve is refused`() throws {
        let point = try P256PrivateKey().publicKey.point
        var off = point
        off[64] ^= 1
        let prime = try #require(Hex.decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"))
        let x = Array(point[1...32])
        let y = Array(point[33...64])
        let compressed: [UInt8] = [2 + (y[31] & 1)] + x
        let hybrid: [UInt8] = [6 + (y[31] & 1)] + x + y
        let xIsPrime: [UInt8] = [4] + prime + y
        let origin: [UInt8] = [4] + [UInt8](repeating: 0, count: 64)
        let highest: [UInt8] = [4] + [UInt8](repeating: 0xFF, count: 64)
        let zeros = [UInt8](repeating: 0, count: 65)
        let points: [[UInt8]] = [
            off, [], [0], [4], point.dropLast(), point + [0], zeros, origin, highest, compressed, hybrid, xIsPrime,
        ]
        for point in points {
            #expect(refusal { _ = try P256PublicKey(point: point) } == .unsupportedKey, "\(Hex.encode(point))")
        }
    }

    @Test func `a private key survives PEM`() throws {
        let key = try P256PrivateKey()
        #expect(key.pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let again = try P256PrivateKey(pem: "some words before\r\n" + key.pem.split(separator: "\n").joined(separator: "\r\n"))
        #expect(again.publicKey == key.publicKey)
        #expect(again.pem == key.pem)
        #expect(key.publicKey.verify(signature: try again.sign([7]), message: [7]))
    }

    @Test func `entropy is mixed in, and two keys from the same entropy differ`() throws {
        let entropy = [UInt8](repeating: 7, count: 64)
        let first = try P256PrivateKey(mixing: entropy)
        #expect(try P256PrivateKey(mixing: entropy).publicKey != first.publicKey)
        #expect(first.publicKey.verify(signature: try first.sign([1]), message: [1]))
        _ = try P256PrivateKey(mixing: [])
        #expect(refusal { _ = try P256PrivateKey(mixing: [UInt8](repeating: 0, count: PKILimits.entropyBytes + 1)) } == .tooLarge)
    }

    @Test func `keys of other kinds are refused, each for its reason`() {
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.sec1Key) } == nil)
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.p384Key) } == .unsupportedKey)
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.rsaKey) } == .unsupportedKey)
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.explicitKey) } == .unsupportedKey)
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.encryptedKey) } == .unsupportedKey)
        #expect(refusal { _ = try P256PrivateKey(pem: Fixtures.good) } == .malformed)
        #expect(refusal { _ = try P256PrivateKey(pem: "") } == .malformed)
    }

    @Test func `no description shows the private key`() throws {
        let key = try P256PrivateKey()
        let body = key.pem.split(separator: "\n").dropFirst().dropLast()
        let authority = try CertificateAuthority.create(
            commonName: "CA", organization: "O", key: key, validYears: 1, now: Workshop.now)
        var shown = "\(key) \(String(reflecting: key)) \(authority) \(String(reflecting: authority))"
        dump(key, to: &shown)
        dump(authority, to: &shown)
        for line in body { #expect(!shown.contains(line)) }
        #expect(shown.contains(key.publicKey.keyIdentifier))
    }

    @Test func `many threads use one key`() async throws {
        let key = try P256PrivateKey()
        let good = await withTaskGroup(of: Bool.self) { group in
            for number in UInt8(0)..<64 {
                group.addTask {
                    guard let signature = try? key.sign([number]) else { return false }
                    return key.publicKey.verify(signature: signature, message: [number])
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(good)
    }
}

@Suite struct `PEM texts` {
    @Test(arguments: [
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----\n", "-----BEGIN -----\nAAAA\n-----END -----\n",
        "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAA\0A\n-----END PRIVATE KEY-----\n", "\0\0\0", "-----", "----------",
        "-----BEGIN -----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ])
    func `broken ones are refused`(text: String) {
        #expect(refusal { _ = try P256PrivateKey(pem: text) } == .malformed)
        #expect(refusal { _ = try Certificate(pem: text.replacing("PRIVATE KEY", with: "CERTIFICATE")) } == .malformed)
    }

    @Test func `a block that is good but for its ends is refused`() {
        #expect(refusal { _ = try Certificate(pem: Fixtures.good) } == nil)
        for end in ["BEGIN", "END"] {
            let mislabelled = Fixtures.good.replacing(end + " CERTIFICATE", with: end + " PRIVATE KEY")
            #expect(refusal { _ = try Certificate(pem: mislabelled) } == .malformed)
        }
        let unfinished = Fixtures.good + "\n-----BEGIN CERTIFICATE-----\nAAAA\n"
        #expect(refusal { _ = try Certificate(pem: unfinished) } == .malformed)
    }

    @Test func `too long ones are refused unread`() {
        let text = String(repeating: "x", count: PKILimits.pemBytes + 1)
        #expect(refusal { _ = try Certificate(pem: text) } == .tooLarge)
        #expect(refusal { _ = try P256PrivateKey(pem: text) } == .tooLarge)
    }

    @Test func `a chain is read in order`() throws {
        let chain = try Certificate.all(pem: Fixtures.good + "\nwords\n" + Fixtures.authority + "\n" + Fixtures.sec1Key)
        #expect(chain.map(\.serialNumber) == ["0102030405060708", try Certificate(pem: Fixtures.authority).serialNumber])
        #expect(try Certificate.all(pem: "").isEmpty)
    }
}
