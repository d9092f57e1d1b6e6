// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// A private key on the curve P-256. It prints as the name of its public key, never as itself.
public struct P256PrivateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The other half. It holds no reference to the private one.
    public let publicKey: P256PublicKey
    let handle: Owned
    private let pkcs8: [UInt8]

    /// Makes a new key from OpenSSL's random source.
    ///
    /// - Throws: ``PKIError/Code/library`` if there is no randomness.
    public init() throws(PKIError) {
        guard let key = station_generate_p256() else { throw PKIError.openSSL(.library, "no key could be made") }
        try self.init(owning: Owned(key, release: EVP_PKEY_free))
    }

    /// Makes a new key after stirring `entropy` into OpenSSL's random source.
    ///
    /// A unit fresh from the line may have a poor source of its own; what the factory hands it makes two units with the
    /// same state differ. Nothing is taken on trust: the entropy is added to the system's, and credited with none.
    ///
    /// - Parameter entropy: up to ``PKILimits/entropyBytes`` octets.
    public init(mixing entropy: [UInt8]) throws(PKIError) {
        guard entropy.count <= PKILimits.entropyBytes, let count = Int32(exactly: entropy.count) else {
            throw PKIError(.tooLarge, "the entropy is too long")
        }
        if count > 0 { RAND_add(entropy, count, 0) }
        try self.init()
    }

    /// Reads the first private key in a PEM text: PKCS#8 (`PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`), not encrypted.
    ///
    /// - Throws: ``PKIError/Code/malformed``, or ``PKIError/Code/unsupportedKey`` for other curves and algorithms.
    public init(pem: String) throws(PKIError) {
        let blocks = try PEM.blocks(in: pem)
        if blocks.contains(where: { $0.label == "ENCRYPTED PRIVATE KEY" }) {
            throw PKIError(.unsupportedKey, "the private key is encrypted; store it in clear in a file that only its owner can read")
        }
        guard let block = blocks.first(where: { $0.label == "PRIVATE KEY" || $0.label == "EC PRIVATE KEY" }) else {
            throw PKIError(.malformed, "the PEM text holds no private key")
        }
        guard let key = parseDER(block.der, d2i_AutoPrivateKey, release: EVP_PKEY_free) else {
            throw PKIError.openSSL(.malformed, "the private key cannot be read")
        }
        try self.init(owning: key)
        let consistent = handle.use { key in
            guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
            defer { EVP_PKEY_CTX_free(context) }
            return EVP_PKEY_check(context) == 1
        }
        guard consistent else { throw PKIError.openSSL(.keyMismatch, "the two halves of the key do not belong together") }
    }

    private init(owning handle: Owned) throws(PKIError) {
        guard let publicKey = handle.use({ P256PublicKey($0) }) else {
            throw PKIError(.unsupportedKey, "the private key is not on the curve P-256")
        }
        // Made here, where it may fail, and not in `pem`, whose caller is about to write a file.
        let pkcs8 = handle.use { key -> [UInt8]? in
            guard let info = EVP_PKEY2PKCS8(key) else { return nil }
            defer { PKCS8_PRIV_KEY_INFO_free(info) }
            return derBytes(info, i2d_PKCS8_PRIV_KEY_INFO)
        }
        guard let pkcs8 else { throw PKIError.openSSL(.library, "the private key cannot be written as PKCS#8") }
        self.publicKey = publicKey
        self.handle = handle
        self.pkcs8 = pkcs8
    }

    /// PKCS#8 in PEM, not encrypted: write it only to a file that nobody else can read.
    public var pem: String { PEM.encode("PRIVATE KEY", pkcs8) }

    /// Signs by ES256 (RFC 7518 §3.4).
    ///
    /// - Returns: r and s, 32 octets each, over SHA-256 of the message.
    /// - Throws: ``PKIError/Code/library`` if there is no randomness.
    public func sign(_ message: [UInt8]) throws(PKIError) -> [UInt8] {
        let digest = Digest.sha256(message)
        let raw = handle.use { key -> [UInt8]? in
            guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return nil }
            defer { EVP_PKEY_CTX_free(context) }
            var der = [UInt8](repeating: 0, count: 128)
            var count = der.count
            guard EVP_PKEY_sign_init(context) == 1,
                EVP_PKEY_sign(context, &der, &count, digest, digest.count) == 1
            else { return nil }
            return P256Signature.raw(fromDER: Array(der.prefix(count)))
        }
        guard let raw else { throw PKIError.openSSL(.library, "the message could not be signed") }
        return raw
    }

    public var description: String { "private half of " + publicKey.description }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.keyIdentifier]) }
}
