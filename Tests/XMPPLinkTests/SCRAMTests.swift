// SPDX-License-Identifier: Apache-2.0
import StationDigest
import Testing
import XMPPCore

@testable import XMPPClient

@Suite("SCRAM")
struct SCRAMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let source: String
        let hash: SCRAM.Hash
        let nonce: String
        let serverFirst: String
        /// `SaltedPassword`, in hexadecimal digits; what the other values of the vector follow from.
        let salted: String
        let clientFinal: String
        let serverFinal: String
        var testDescription: String { source }
    }

    static let vectors = [
        Vector(
            source: "RFC 5802 §5", hash: .sha1, nonce: "fyko+d2lbbFgONRv9qkxdawL",
            serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            salted: "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d",
            clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
        Vector(
            source: "RFC 7677 §3", hash: .sha256, nonce: "rOprNGfwEbeRWgbNEkqO",
            serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            salted: "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d",
            clientFinal: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
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
        let salted = derivation.run()
        #expect(Hex.encode(salted) == vector.salted)
        #expect(scram.final(saltedPassword: salted) == vector.clientFinal)
        try scram.verify(vector.serverFinal)
        try scram.verify(vector.serverFinal + ",x=extension")
    }

    @Test("The whole exchange of a specification, Base64 and all", arguments: vectors)
    func exchange(vector: Vector) throws {
        var exchange = try SASLExchange(
            .password("pencil"), jid: try JID("user@example.com"), offered: ["PLAIN", vector.hash.rawValue],
            nonce: vector.nonce)
        #expect(exchange.mechanism == vector.hash.rawValue)
        #expect(exchange.derived([1, 2, 3]) == nil, "nothing has been asked for")
        #expect(throws: ClientError.self, "let in without a challenge") { try exchange.succeeded(nil) }
        guard case .derive(let derivation) = try exchange.challenged(vector.serverFirst) else {
            Issue.record("no derivation")
            return
        }
        #expect(throws: ClientError.self, "a second challenge") { try exchange.challenged(vector.serverFirst) }
        #expect(throws: ClientError.self, "let in before our proof") { try exchange.succeeded(vector.serverFinal) }
        #expect(exchange.derived(derivation.run()) == .respond(vector.clientFinal))
        #expect(throws: ClientError.self, "let in without a proof") { try exchange.succeeded(nil) }
        try exchange.succeeded(vector.serverFinal)
        // RFC 6120 §6.4.5: the proof may also come as a last challenge.
        #expect(try exchange.challenged(vector.serverFinal) == .respond(""))
        try exchange.succeeded(nil)
    }

    @Test(
        "Another password, name, salt or number of rounds gives another proof, and the vector's server is not believed",
        arguments: vectors)
    func everythingCounts(vector: Vector) throws {
        let (password, other) = (try #require(PreparedPassword("pencil")), try #require(PreparedPassword("Pencil")))
        let tries = [
            (SCRAM(vector.hash, username: "user", password: other, nonce: vector.nonce), vector.serverFirst),
            (SCRAM(vector.hash, username: "User", password: password, nonce: vector.nonce), vector.serverFirst),
            (try login(vector), vector.serverFirst.replacing("i=4096", with: "i=4097")),
            (try login(vector), vector.serverFirst.replacing("s=", with: "s=AAAA")),
            (try login(vector), vector.serverFirst.replacing(",s=", with: "x,s=")),
            (try login(vector), vector.serverFirst + ",x=extension"),
        ]
        for (number, attempt) in tries.enumerated() {
            var scram = attempt.0
            let final = scram.final(saltedPassword: try scram.challenged(attempt.1).run())
            #expect(final != vector.clientFinal, "attempt \(number)")
            #expect(throws: ClientError.self, "attempt \(number)") { try scram.verify(vector.serverFinal) }
        }
    }

    @Test(
        "The errors of RFC 5802 §7 are refusals, not proofs",
        arguments: [
            "invalid-encoding", "extensions-not-supported", "invalid-proof", "channel-bindings-dont-match",
            "server-does-support-channel-binding", "channel-binding-not-supported", "unsupported-channel-binding-type",
            "unknown-user", "invalid-username-encoding", "no-resources", "other-error", "of-the-future",
        ])
    func serverErrors(value: String) throws {
        var scram = try login(Self.vectors[1])
        _ = scram.final(saltedPassword: try scram.challenged(Self.vectors[1].serverFirst).run())
        #expect { try scram.verify("e=\(value)") } throws: {
            ($0 as? ClientError)?.authenticationCondition == "not-authorized" && "\($0)".contains(value)
        }
    }

    @Test("SCRAM-SHA-256 is taken where there is a choice, and nothing weaker than SCRAM-SHA-1 where there is none")
    func choice() throws {
        func mechanism(_ offered: [String]) throws -> String {
            try SASLExchange(.password("p"), jid: try JID("a@b"), offered: offered, nonce: "n").mechanism
        }
        #expect(try mechanism(["SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"]) == "SCRAM-SHA-256")
        #expect(try mechanism(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"]) == "SCRAM-SHA-1")
        for offered in [["PLAIN", "DIGEST-MD5", "LOGIN"], ["scram-sha-256"], ["SCRAM-SHA-256-PLUS"], []] {
            #expect(throws: ClientError.self) { try mechanism(offered) }
        }
    }

    @Test(
        "A server that does not prove itself is not believed",
        arguments: [
            "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "v=", "v", "", "x=1", "e=invalid-proof",
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
            "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096" + String(repeating: "x", count: 5000),
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
