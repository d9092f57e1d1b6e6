// SPDX-License-Identifier: Apache-2.0
import StationDigest
import Testing

@Suite struct `Hashes and what is built of them` {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ])
    func `SHA-1 gives the values of FIPS 180`(text: String, expected: String) {
        #expect(Hex.encode(Digest.sha1(Array(text.utf8))) == expected)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ])
    func `SHA-256 gives the values of FIPS 180`(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(Hex.encode(Digest.sha256(bytes)) == expected)
        #expect(Hex.encode(bytes.withUnsafeBytes { Digest.sha256($0) }) == expected)
    }

    @Test func `SHA-256 of a million letters comes out the same in pieces of any size`() {
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(Hex.encode(Digest.sha256(letters)) == expected)
        for piece in [1_000, 4_096, 65_537] {
            var hasher = SHA256Hasher()
            letters.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: piece) {
                    hasher.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + piece, bytes.count)]))
                }
            }
            hasher.update([])
            #expect(Hex.encode(hasher.finalize()) == expected)
        }
    }

    @Test func `a copied hasher goes on by itself`() {
        var first = SHA256Hasher()
        first.update(Array("ab".utf8))
        var second = first
        second.update(Array("c".utf8))
        #expect(first.finalize() == Digest.sha256(Array("ab".utf8)))
        #expect(second.finalize() == Digest.sha256(Array("abc".utf8)))
        first.update(Array("c".utf8))
        #expect(first.finalize() == second.finalize())
    }

    /// RFC 4231 §4.2, 4.3, 4.7 for SHA-256; RFC 2202 §3 cases 1, 2 and 6 for SHA-1.
    @Test(arguments: [
        ([UInt8](repeating: 0x0b, count: 20), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (Array("Jefe".utf8), "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ])
    func `HMAC gives the values of the RFCs`(key: [UInt8], data: String, sha256: String, sha1: String) {
        #expect(Hex.encode(Digest.hmacSHA256(key: key, data: Array(data.utf8))) == sha256)
        #expect(Hex.encode(Digest.hmacSHA1(key: key, data: Array(data.utf8))) == sha1)
    }

    @Test func `HMAC hashes a key longer than a block`() {
        let data = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(Hex.encode(Digest.hmacSHA256(key: [UInt8](repeating: 0xaa, count: 131), data: data))
            == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(Hex.encode(Digest.hmacSHA1(key: [UInt8](repeating: 0xaa, count: 80), data: data))
            == "aa4ae5e15272d00e95705637ce8a3b55ed402112")
    }

    /// RFC 6070 §2.
    @Test(arguments: [
        ("password", "salt", 1, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        ("password", "salt", 2, 20, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        ("password", "salt", 4096, 20, "4b007901b765489abead49d926f721d065a429c1"),
        ("passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25,
         "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"),
        ("pass\0word", "sa\0lt", 4096, 16, "56fa6aa75548099dcc37d7f03425e0c3"),
    ])
    func `PBKDF2 with SHA-1 gives the values of RFC 6070`(
        password: String, salt: String, iterations: Int, length: Int, expected: String
    ) {
        let derived = Digest.pbkdf2SHA1(
            password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, length: length)
        #expect(Hex.encode(derived) == expected)
    }

    /// RFC 7914 §11.
    @Test(arguments: [
        ("passwd", "salt", 1,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"),
        ("Password", "NaCl", 80_000,
         "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
            + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"),
    ])
    func `PBKDF2 with SHA-256 gives the values of RFC 7914`(
        password: String, salt: String, iterations: Int, expected: String
    ) {
        let derived = Digest.pbkdf2SHA256(
            password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, length: 64)
        #expect(Hex.encode(derived) == expected)
    }

    @Test func `PBKDF2 takes odd figures without a trap`() {
        let one = Digest.pbkdf2SHA1(password: [], salt: [], iterations: 1, length: 8)
        #expect(Digest.pbkdf2SHA1(password: [], salt: [], iterations: 0, length: 8) == one)
        #expect(Digest.pbkdf2SHA1(password: [], salt: [], iterations: .min, length: 8) == one)
        #expect(Digest.pbkdf2SHA1(password: [], salt: [], iterations: 1, length: -1).isEmpty)
        #expect(Digest.pbkdf2SHA1(password: [], salt: [], iterations: 1, length: .max).count == Digest.maximumDerivedLength)
    }

    @Test func `secrets are compared by length and by each octet`() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [0, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
        #expect(!constantTimeEqual([], [1]))
    }

    @Test func `random bytes come in the number asked for, within bounds`() throws {
        #expect(try secureRandomBytes(0).isEmpty)
        #expect(try secureRandomBytes(32).count == 32)
        #expect(try secureRandomBytes(32) != secureRandomBytes(32))
        #expect(throws: DigestError.noRandomBytes) { try secureRandomBytes(-1) }
        #expect(throws: DigestError.noRandomBytes) { try secureRandomBytes(maximumRandomBytes + 1) }
        #expect(throws: DigestError.noRandomBytes) { try secureRandomBytes(.max) }
    }
}

@Suite struct `Binary as text` {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666f"), ("foo", "Zm9v", "666f6f"),
        ("foob", "Zm9vYg==", "666f6f62"), ("fooba", "Zm9vYmE=", "666f6f6261"), ("foobar", "Zm9vYmFy", "666f6f626172"),
    ])
    func `the vectors of RFC 4648 go both ways`(plain: String, base64: String, hex: String) {
        let bytes = Array(plain.utf8)
        #expect(Base64.encode(bytes) == base64)
        #expect(Base64.decode(base64) == bytes)
        let unpadded = String(base64.prefix { $0 != "=" })
        #expect(Base64URL.encode(bytes) == unpadded)
        #expect(Base64URL.decode(unpadded) == bytes)
        #expect(Hex.encode(bytes) == hex)
        #expect(Hex.decode(hex) == bytes)
        #expect(Hex.decode(hex.uppercased()) == bytes)
    }

    @Test func `the two alphabets differ in two characters`() {
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        #expect(Base64.decode("-_8=") == nil)
        #expect(Base64URL.decode("+/8") == nil)
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "====", "A===", "Z===", "=Zg=", "Zg==\n", " Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm9v\0", "Zg==Zg==", "é==="])
    func `Base64 refuses what is not its one spelling`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm9v\n", "Zm.v", "éé"])
    func `Base64URL refuses what is not its one spelling`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test(arguments: ["6", "6g", "0x66", "66 ", "é", "/0", ":0", "@0", "G0", "`0"])
    func `Hex refuses what is not pairs of digits`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `every length survives the way there and back`() {
        var generator = SeededGenerator(seed: 7)
        for length in 0..<200 {
            let bytes = generator.bytes(length)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }
}
