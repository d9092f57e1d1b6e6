// SPDX-License-Identifier: Apache-2.0
import StationPKI

/// Where a private key lives. The agent never asks for more than this, so that a chip can stand in for a file.
public protocol SecureElement: Sendable {
    /// The public half.
    var publicKey: P256PublicKey { get }
    /// ES256 over the message: 64 bytes, r and s.
    func sign(_ message: [UInt8]) throws(AgentError) -> [UInt8]
    /// A PKCS #10 request (DER) signed with the key; the issuer reads nothing from it but the public key.
    func certificateSigningRequest(commonName: String) throws(AgentError) -> [UInt8]
    /// What the TLS layer is given to log in with: the key in PEM form for a file.
    func tlsKeyPEM() throws(AgentError) -> String
}

/// A P-256 key in a PEM file that only its owner may read.
///
/// The file is made before the key is used for anything: a crash right after leaves a key that the next run takes up.
public struct KeyFile: SecureElement, CustomStringConvertible {
    private let key: P256PrivateKey
    /// Where the file is.
    public let path: String
    public let publicKey: P256PublicKey

    /// Opens a key file. Refused if anyone but its owner may read or write it.
    public init(path: String) throws(AgentError) {
        let bytes = try DurableFile.readPrivate(path)
        do {
            key = try P256PrivateKey(pem: String(decoding: bytes, as: UTF8.self))
            publicKey = key.publicKey
        } catch {
            throw AgentError(.credentials, "\(path) holds no P-256 private key in PEM form")
        }
        self.path = path
    }

    /// Makes a key and its file: written whole, synced, mode 0600; an existing one is never overwritten.
    /// - Parameter entropy: bytes mixed into the generator before the key is made, as the factory provides them.
    public static func create(path: String, mixing entropy: [UInt8] = []) throws(AgentError) -> KeyFile {
        guard !fileExists(path) else { throw AgentError(.credentials, "\(path) is there already") }
        let pem: String
        do {
            let key = entropy.isEmpty ? try P256PrivateKey() : try P256PrivateKey(mixing: entropy)
            pem = key.pem
        } catch {
            throw AgentError(.credentials, "no key could be made: \(error)")
        }
        try DurableFile.write(Array(pem.utf8), to: path, mode: 0o600)
        return try KeyFile(path: path)
    }

    /// Opens the file if it is there, and makes it if not.
    public static func openOrCreate(path: String, mixing entropy: [UInt8] = []) throws(AgentError) -> KeyFile {
        fileExists(path) ? try KeyFile(path: path) : try create(path: path, mixing: entropy)
    }

    public func sign(_ message: [UInt8]) throws(AgentError) -> [UInt8] {
        do { return try key.sign(message) } catch { throw AgentError(.credentials, "signing failed: \(error)") }
    }

    public func certificateSigningRequest(commonName: String) throws(AgentError) -> [UInt8] {
        do { return try CertificateSigningRequest(key: key, commonName: commonName).der } catch {
            throw AgentError(.credentials, "no signing request could be made: \(error)")
        }
    }

    public func tlsKeyPEM() throws(AgentError) -> String {
        String(decoding: try DurableFile.readPrivate(path), as: UTF8.self)
    }

    /// The path only; never the key.
    public var description: String { "KeyFile(\(path))" }
}
