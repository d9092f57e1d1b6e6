// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import XMPPClient

@Suite("SCRAM")
struct SCRAMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let source: String
        let hash: SCRAM.Hash
        let nonce: String
        let serverFirst: String
        let clientFinal: String
        let serverFinal: String
        var testDescription: String { source }
    }

    static let vectors = [
        Vector(
            source: "RFC 5802 §5", hash: .sha1, nonce: "fyko+d2lbbFgONRv9qkxdawL",
            serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
        Vector(
            source: "RFC 7677 §3", hash: .sha256, nonce: "rOprNGfwEbeRWgbNEkqO",
            serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    ]

    private func login(_ vector: Vector) throws -> SCRAM {
        let password = try #require(PreparedPassword("pencil"))
        return SCRAM(vector.hash, username: "user", password: password, nonce: vector.nonce)
    }

    @Test("The vectors of the specifications", arguments: vectors)
    func published(vector: Vector) throws {
        var scram = try login(vector)
        #expect(scram.first == "n,,n=user,r=\(vector.nonce)")
        let derivation = try scram.challenged(vector.serverFirst)
        #expect(scram.final(saltedPassword: derivation.run()) == vector.clientFinal)
        try scram.verify(vector.serverFinal)
        try scram.verify(vector.serverFinal + ",x=extension")
    }

    @Test(
        "A server that does not prove itself is not believed",
        arguments: [
            "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "v=", "v", "", "x=1", "e=invalid-proof"
        ])
    func falseServer(final: String) throws {
        let vector = Self.vectors[0]
        var scram = try login(vector)
        #expect(throws: ClientError.self) { try scram.verify(vector.serverFinal) }
        let derivation = try scram.challenged(vector.serverFirst)
        _ = scram.final(saltedPassword: derivation.run())
        #expect(throws: ClientError.self) { try scram.verify(final) }
    }

    @Test(
        "Challenges that are refused",
        arguments: [
            "", "r=fyko,s=QSXCR+Q6sek8bf92,i=4096", "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",
            "m=ext,r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=,i=4096", "r=fyko+d2lbbFgONRv9qkxdawL3,s=***,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4095",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=1000001",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=-5",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=99999999999999999999999",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=", "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92",
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096" + String(repeating: "x", count: 5000)
        ])
    func badChallenge(message: String) throws {
        var scram = try login(Self.vectors[0])
        #expect(throws: ClientError.self) { try scram.challenged(message) }
    }

    @Test("The bounds of the iteration count are themselves allowed", arguments: [4096, 1_000_000])
    func iterations(count: Int) throws {
        var scram = try login(Self.vectors[0])
        let derivation = try scram.challenged("r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=\(count)")
        #expect(derivation.iterations == count)
    }

    @Test("Names and passwords are prepared")
    func preparation() throws {
        let password = try #require(PreparedPassword("a\u{00A0}b\u{00AD}c"))
        #expect(password.bytes == Array("a bc".utf8))
        #expect(PreparedPassword("") == nil)
        #expect(PreparedPassword("a\u{0}b") == nil)
        #expect(PreparedPassword("a\nb") == nil)
        #expect(SCRAM(.sha256, username: "a=b,c", password: password, nonce: "n").first == "n,,n=a=3Db=2Cc,r=n")
    }
}
