// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// A PKCS#10 certificate signing request (RFC 2986), of which only the key is believed.
///
/// Names, attributes and requested extensions are the asker's wishes: who it is, the registry says. So they cannot even
/// be read here.
public struct CertificateSigningRequest: Sendable, Hashable {
    /// The exact octets.
    public let der: [UInt8]
    /// The key; the request's own signature has shown that the sender holds its private half.
    public let publicKey: P256PublicKey

    /// Makes and signs a request.
    ///
    /// - Parameter commonName: 1…64 characters, for people; the CA puts its own there.
    public init(key: P256PrivateKey, commonName: String) throws(PKIError) {
        guard let request = X509_REQ_new() else { throw PKIError.openSSL(.library, "no request could be made") }
        defer { X509_REQ_free(request) }
        guard let name = X509_NAME_new() else { throw PKIError.openSSL(.library, "no name could be made") }
        defer { X509_NAME_free(name) }
        try NameEntry.commonName(commonName).add(to: name)
        let signed = key.handle.use { key in
            X509_REQ_set_version(request, 0) == 1 && X509_REQ_set_subject_name(request, name) == 1
                && X509_REQ_set_pubkey(request, key) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0
        }
        guard signed, let der = derBytes(request, i2d_X509_REQ) else {
            throw PKIError.openSSL(.library, "the request could not be signed")
        }
        self.der = der
        publicKey = key.publicKey
    }

    /// Reads a request and checks the signature that it bears of itself.
    ///
    /// - Throws: ``PKIError/Code/malformed``, ``PKIError/Code/tooLarge``, ``PKIError/Code/unsupportedKey`` or
    ///   ``PKIError/Code/invalidSignature``.
    public init(der: [UInt8]) throws(PKIError) {
        guard der.count <= PKILimits.requestBytes else { throw PKIError(.tooLarge, "the request is too long") }
        guard let request = parseDER(der, d2i_X509_REQ, release: X509_REQ_free) else {
            throw PKIError.openSSL(.malformed, "the certificate signing request cannot be read")
        }
        publicKey = try request.use { (request) throws(PKIError) in
            guard let key = X509_REQ_get0_pubkey(request), let publicKey = P256PublicKey(key) else {
                throw PKIError.openSSL(.unsupportedKey, "the request is not for a key on the curve P-256")
            }
            guard X509_REQ_get_signature_nid(request) == NID_ecdsa_with_SHA256, X509_REQ_verify(request, key) == 1 else {
                throw PKIError.openSSL(.invalidSignature, "the request is not signed with its own key by ES256")
            }
            return publicKey
        }
        self.der = der
    }

    public static func == (left: Self, right: Self) -> Bool { left.der == right.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
