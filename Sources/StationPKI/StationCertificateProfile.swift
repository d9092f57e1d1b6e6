// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// A station's certificate that has passed ``StationCertificateProfile``.
public struct VerifiedStationCertificate: Sendable, Hashable {
    /// The station's own.
    public let certificate: Certificate
    /// Its key.
    public let publicKey: P256PublicKey
    /// The one address that it names, as written there. Prepare it as a JID before comparing.
    public let xmppAddress: String
    /// The trust anchor that the chain ends at: which maker, which owner.
    public let trustAnchor: Certificate

    /// The serialNumber of the subject's name, if there is exactly one.
    public var subjectSerialNumber: String? { certificate.subjectSerialNumber }
}

/// What a certificate must be to stand for a station: RFC 5280 as OpenSSL checks it, and stricter where OpenSSL is kind.
///
/// The common name is never read. Revocation is a matter of the registry and of the server's CRL.
public enum StationCertificateProfile {
    /// Object identifiers of RFC 5280 §4.2.1.12.
    private static let clientAuthentication = "1.3.6.1.5.5.7.3.2"
    private static let anyExtendedKeyUsage = "2.5.29.37.0"

    /// - Parameters:
    ///   - chain: the station's certificate first; then those on the way to the anchor, in any order, the anchor itself
    ///     if one likes; ``PKILimits/chainLength`` in all.
    ///   - trustAnchors: CAs that are believed. An intermediate CA may be one. What is not a CA counts for nothing.
    ///   - at: the time in seconds since 1970 at which all must be valid.
    public static func verify(
        chain: [Certificate], trustAnchors: [Certificate], at time: Int64
    ) throws(CertificateError) -> VerifiedStationCertificate {
        guard let leaf = chain.first, chain.count <= PKILimits.chainLength else {
            throw PKIError(.chainLength, "a chain has 1 to \(PKILimits.chainLength) certificates")
        }
        guard Set(chain).count == chain.count else {
            throw PKIError(.duplicateCertificate, "the chain has the same certificate twice")
        }
        let publicKey = try checkShape(of: leaf)
        let xmppAddress = try address(of: leaf)
        let anchor = try checkPath(from: leaf, by: Array(chain.dropFirst()), to: trustAnchors.filter(\.isCA), at: time)
        return VerifiedStationCertificate(
            certificate: leaf, publicKey: publicKey, xmppAddress: xmppAddress, trustAnchor: anchor)
    }

    private static func checkShape(of leaf: Certificate) throws(PKIError) -> P256PublicKey {
        let traits = leaf.traits
        guard traits.version == 3 else { throw PKIError(.version, "the certificate is not of version 3") }
        guard traits.hasValidSerialNumber else {
            throw PKIError(.serialNumber, "the serial number is not positive, or longer than 20 octets")
        }
        let publicKey = try leaf.publicKey
        guard !leaf.isCA, !traits.mayActAsCA else {
            throw PKIError(.certificateAuthority, "the certificate is that of a CA, not of a station")
        }
        let usages = traits.extendedKeyUsages ?? []
        guard !usages.contains(anyExtendedKeyUsage) else {
            throw PKIError(.anyExtendedKeyUsage, "the certificate is for any purpose, not for client authentication")
        }
        guard usages.contains(clientAuthentication) else {
            throw PKIError(.noClientAuthentication, "the certificate is not for client authentication")
        }
        guard traits.allowsDigitalSignature != false else {
            throw PKIError(.keyUsage, "the certificate's key usage does not allow signatures")
        }
        return publicKey
    }

    private static func address(of leaf: Certificate) throws(PKIError) -> String {
        guard leaf.traits.brokenXMPPAddresses == 0 else {
            throw PKIError(.malformed, "an XMPP address in the certificate is not plain UTF-8 text")
        }
        guard let address = leaf.xmppAddresses.first else {
            throw PKIError(.noXMPPAddress, "the certificate names no XMPP address")
        }
        guard leaf.xmppAddresses.count == 1 else {
            throw PKIError(.severalXMPPAddresses, "the certificate names more than one XMPP address")
        }
        return address
    }

    /// X509_verify_cert (RFC 5280 §6) under strict rules, and the anchor it ended at.
    private static func checkPath(
        from leaf: Certificate, by intermediates: [Certificate], to anchors: [Certificate], at time: Int64
    ) throws(PKIError) -> Certificate {
        guard let store = X509_STORE_new(), let untrusted = station_x509s_new(), let context = X509_STORE_CTX_new() else {
            throw PKIError.openSSL(.library, "the chain could not be checked")
        }
        defer {
            X509_STORE_CTX_free(context)
            station_x509s_free(untrusted)
            X509_STORE_free(store)
        }
        defer { withExtendedLifetime((leaf, intermediates, anchors)) {} }
        for anchor in anchors { anchor.handle.use { _ = X509_STORE_add_cert(store, $0) } }
        for one in intermediates { one.handle.use { _ = station_x509s_push(untrusted, $0) } }
        guard leaf.handle.use({ X509_STORE_CTX_init(context, store, $0, untrusted) }) == 1,
            let parameters = X509_STORE_CTX_get0_param(context)
        else { throw PKIError.openSSL(.library, "the chain could not be checked") }
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_time(parameters, time_t(min(max(time, 0), PKILimits.latestTime)))
        // OpenSSL counts what stands between the station's certificate and the anchor.
        X509_VERIFY_PARAM_set_depth(parameters, Int32(PKILimits.chainLength - 2))
        X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY)
        // 112 bits: no SHA-1, no RSA key under 2048 bits anywhere in the chain.
        X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        guard X509_verify_cert(context) == 1 else { throw refusal(context) }
        guard let path = X509_STORE_CTX_get0_chain(context), station_x509s_count(path) > 0,
            let end = station_x509(path, station_x509s_count(path) - 1), let der = derBytes(end, i2d_X509),
            let anchor = anchors.first(where: { $0.der == der })
        else { throw PKIError(.untrusted, "the chain ends at no trust anchor") }
        return anchor
    }

    private static func refusal(_ context: OpaquePointer) -> PKIError {
        let error = X509_STORE_CTX_get_error(context)
        let depth = X509_STORE_CTX_get_error_depth(context)
        ERR_clear_error()
        let code: PKIError.Code =
            switch error {
            case X509_V_ERR_CERT_HAS_EXPIRED: .expired
            case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
            case X509_V_ERR_CERT_SIGNATURE_FAILURE: .invalidSignature
            case X509_V_ERR_CERT_CHAIN_TOO_LONG: .chainLength
            case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: .untrusted
            default: .profile
            }
        let reason = String(cString: X509_verify_cert_error_string(Int(error)))
        return PKIError(code, "\(reason), at certificate \(depth) of the chain")
    }
}
