// SPDX-License-Identifier: Apache-2.0
import StationDigest

/// A login by Salted Challenge Response (RFC 5802, RFC 7677) without channel binding, as a value.
/// The server proves that it knows the password, too; ``verify(_:)`` must have passed before anything it says counts.
struct SCRAM: Sendable {
    /// The hash function, named as the mechanism.
    enum Hash: String, Hashable, Sendable {
        case sha1 = "SCRAM-SHA-1"
        case sha256 = "SCRAM-SHA-256"

        var length: Int { self == .sha1 ? 20 : 32 }

        func digest(_ bytes: [UInt8]) -> [UInt8] { self == .sha1 ? Digest.sha1(bytes) : Digest.sha256(bytes) }

        func authenticate(_ data: [UInt8], key: [UInt8]) -> [UInt8] {
            self == .sha1 ? Digest.hmacSHA1(key: key, data: data) : Digest.hmacSHA256(key: key, data: data)
        }
    }

    /// The slow step: the salted password. A value, so that it can be computed away from the event loop.
    struct Derivation: Hashable, Sendable {
        let hash: Hash
        let password: [UInt8]
        let salt: [UInt8]
        let iterations: Int

        func run() -> [UInt8] {
            switch hash {
            case .sha1:
                Digest.pbkdf2SHA1(password: password, salt: salt, iterations: iterations, length: hash.length)
            case .sha256:
                Digest.pbkdf2SHA256(password: password, salt: salt, iterations: iterations, length: hash.length)
            }
        }
    }

    /// Fewer make the password cheap to guess (RFC 5802 §5.1), more would let a server keep us busy.
    static let iterationRange = 4096...1_000_000
    /// The longest message of the server that is read, in bytes.
    static let longestMessage = 4096

    let hash: Hash
    private let username: String
    private let password: [UInt8]
    private let nonce: String
    private var exchange = ""
    private var finalWithoutProof = ""
    private var expectedSignature: [UInt8]?

    /// - Parameters:
    ///   - username: the local part of the address.
    ///   - nonce: at least 128 random bits as printable ASCII without a comma.
    init(_ hash: Hash, username: String, password: PreparedPassword, nonce: String) {
        self.hash = hash
        self.username = username
        self.password = password.bytes
        self.nonce = nonce
    }

    private var firstBare: String {
        var name = ""
        for scalar in username.unicodeScalars {
            switch scalar {
            case ",": name += "=2C"
            case "=": name += "=3D"
            default: name.unicodeScalars.append(scalar)
            }
        }
        return "n=\(name),r=\(nonce)"
    }

    /// The first message: no channel binding, no other identity.
    var first: String { "n,," + firstBare }

    /// Reads the server's first message: nonce, salt, iterations.
    mutating func challenged(_ message: String) throws(ClientError) -> Derivation {
        guard message.utf8.count <= Self.longestMessage else { throw .violation("sent too long a challenge") }
        let fields = message.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 3, fields[0].hasPrefix("r="), fields[1].hasPrefix("s="), fields[2].hasPrefix("i=") else {
            // "m=" before "r=" is a mandatory extension; we know none (RFC 5802 §5.1).
            throw .violation("sent a challenge that is not understood")
        }
        let combined = fields[0].dropFirst(2)
        guard combined.hasPrefix(nonce), combined.utf8.count > nonce.utf8.count else {
            throw .violation("answered with the nonce of somebody else")
        }
        guard let salt = Base64.decode(String(fields[1].dropFirst(2))), !salt.isEmpty else {
            throw .violation("sent a challenge without salt")
        }
        let digits = fields[2].dropFirst(2)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let iterations = Int(digits),
            Self.iterationRange.contains(iterations)
        else {
            throw .violation(
                "asks for a number of iterations outside \(Self.iterationRange.lowerBound)"
                    + " to \(Self.iterationRange.upperBound)")
        }
        finalWithoutProof = "c=biws,r=\(combined)"
        exchange = "\(firstBare),\(message),\(finalWithoutProof)"
        return Derivation(hash: hash, password: password, salt: salt, iterations: iterations)
    }

    /// The final message, made with the result of the derivation.
    mutating func final(saltedPassword: [UInt8]) -> String {
        let clientKey = hash.authenticate(Array("Client Key".utf8), key: saltedPassword)
        let serverKey = hash.authenticate(Array("Server Key".utf8), key: saltedPassword)
        let message = Array(exchange.utf8)
        let signature = hash.authenticate(message, key: hash.digest(clientKey))
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        expectedSignature = hash.authenticate(message, key: serverKey)
        return "\(finalWithoutProof),p=\(Base64.encode(proof))"
    }

    /// Checks the server's final message; throws unless it proves that the server knows the password.
    func verify(_ message: String) throws(ClientError) {
        let notProven = ClientError(
            .serverNotProven, "the server did not prove that it knows the password; it may be a false one")
        guard message.utf8.count <= Self.longestMessage, let expectedSignature else { throw notProven }
        let field = message.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)[0]
        if field.hasPrefix("e=") { throw .refused("not-authorized", String(field.dropFirst(2))) }
        guard field.hasPrefix("v="), let signature = Base64.decode(String(field.dropFirst(2))),
            constantTimeEqual(signature, expectedSignature)
        else { throw notProven }
    }
}
