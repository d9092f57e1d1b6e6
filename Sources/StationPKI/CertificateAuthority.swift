// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// A CA whose key we hold: the maker's (IDevID, IEEE 802.1AR) or the owner's (LDevID).
///
/// What it signs is said by the caller, that is by the registry, and never by the one who asks.
public struct CertificateAuthority: Sendable, CustomStringConvertible {
    /// Its own certificate, which is handed out with each it issues.
    public let certificate: Certificate
    let key: P256PrivateKey

    /// The private key as PKCS#8 in PEM; see ``P256PrivateKey/pem``.
    public var keyPEM: String { key.pem }

    public var description: String { "CA " + certificate.subject }

    /// Makes a root that may sign stations and CRLs, and no further CA.
    ///
    /// - Parameters:
    ///   - validYears: 1…100, of 365.25 days.
    ///   - now: seconds since 1970. The certificate is valid from an hour before, for stations whose clock is slow.
    public static func create(
        commonName: String, organization: String, key: P256PrivateKey, validYears: Int, now: Int64
    ) throws(PKIError) -> CertificateAuthority {
        guard (1...100).contains(validYears), (0...PKILimits.latestTime).contains(now) else {
            throw PKIError(.invalidValue, "a CA is valid for 1 to 100 years from a time after 1970")
        }
        let template = CertificateTemplate(
            subject: [.organization(organization), .commonName(commonName)],
            publicKey: key.publicKey,
            notBefore: max(0, now - 3600),
            notAfter: min(PKILimits.latestTime, now + Int64(validYears) * 31_557_600),
            extensions: [
                .basicConstraints(isCA: true),
                .keyUsage([5, 6]),
                .subjectKeyIdentifier(keyIdentifier(of: key.publicKey)),
            ])
        return CertificateAuthority(certificate: try template.sign(with: key, issuer: nil), key: key)
    }

    /// Takes up a CA that was stored.
    ///
    /// - Throws: ``PKIError/Code/keyMismatch`` if the key is another's, ``PKIError/Code/certificateAuthority`` if the
    ///   certificate is not a CA's.
    public init(certificatePEM: String, keyPEM: String) throws(PKIError) {
        let certificate = try Certificate(pem: certificatePEM)
        let key = try P256PrivateKey(pem: keyPEM)
        guard certificate.p256Key == key.publicKey else {
            throw PKIError(.keyMismatch, "the CA's key does not belong to its certificate")
        }
        guard certificate.isCA else { throw PKIError(.certificateAuthority, "the certificate is not that of a CA") }
        self.init(certificate: certificate, key: key)
    }

    private init(certificate: Certificate, key: P256PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Issues a station's certificate: version 3, not a CA, for client authentication only, with a random serial number.
    ///
    /// - Parameters:
    ///   - commonName: 1…64 characters, for people; nobody maps it to a station.
    ///   - serialNumber: the station's serial, 1…64 characters, as serialNumber of the name (IEEE 802.1AR §8.6).
    ///   - xmppAddresses: bare JIDs; the server lets the holder log in as these. Stations have exactly one.
    ///   - uris: such as `urn:dev:ops:…` (RFC 9039).
    ///   - notBefore: seconds since 1970.
    ///   - notAfter: seconds since 1970; ``PKILimits/latestTime`` for "no end" as IEEE 802.1AR §8.7 has it.
    public func issue(
        publicKey: P256PublicKey, commonName: String, serialNumber: String, xmppAddresses: [String], uris: [String],
        notBefore: Int64, notAfter: Int64
    ) throws(PKIError) -> Certificate {
        try sign(
            subject: [.serialNumber(serialNumber), .commonName(commonName)],
            publicKey: publicKey,
            purposes: [Purpose.clientAuthentication],
            names: try Self.names(xmppAddresses: xmppAddresses, uris: uris),
            notBefore: notBefore, notAfter: notAfter)
    }

    /// Issues a TLS server's certificate, for a test or a demonstration on one's own machine.
    ///
    /// - Parameters:
    ///   - dnsNames: at least one; the first is the common name as well.
    ///   - xmppAddresses: domains the server serves (RFC 6120 §13.7.1.2).
    ///   - ipAddresses: IPv4 or IPv6 in the usual notation.
    public func issueServer(
        publicKey: P256PublicKey, dnsNames: [String], xmppAddresses: [String] = [], ipAddresses: [String] = [],
        notBefore: Int64, notAfter: Int64
    ) throws(PKIError) -> Certificate {
        guard let first = dnsNames.first else { throw PKIError(.invalidValue, "a server has a DNS name") }
        var names = try Self.names(xmppAddresses: xmppAddresses, uris: [])
        for name in dnsNames { names.append(try .dnsName(name)) }
        for address in ipAddresses { names.append(try .ipAddress(address)) }
        // A common name has 64 characters at most, a DNS name 253; clients look at the latter alone.
        let commonName = first.unicodeScalars.count <= PKILimits.nameCharacters ? first : "XMPP server"
        return try sign(
            subject: [.commonName(commonName)],
            publicKey: publicKey,
            purposes: [Purpose.serverAuthentication, Purpose.clientAuthentication],
            names: names,
            notBefore: notBefore, notAfter: notAfter)
    }

    /// As ``issueServer(publicKey:dnsNames:xmppAddresses:ipAddresses:notBefore:notAfter:)``, for the holder of the key.
    public func issueServer(
        key: P256PrivateKey, dnsNames: [String], xmppAddresses: [String] = [], ipAddresses: [String] = [],
        notBefore: Int64, notAfter: Int64
    ) throws(PKIError) -> Certificate {
        try issueServer(
            publicKey: key.publicKey, dnsNames: dnsNames, xmppAddresses: xmppAddresses, ipAddresses: ipAddresses,
            notBefore: notBefore, notAfter: notAfter)
    }

    /// Object identifiers of RFC 5280 §4.2.1.12.
    enum Purpose {
        static let serverAuthentication: [UInt32] = [1, 3, 6, 1, 5, 5, 7, 3, 1]
        static let clientAuthentication: [UInt32] = [1, 3, 6, 1, 5, 5, 7, 3, 2]
    }

    private func sign(
        subject: [NameEntry], publicKey: P256PublicKey, purposes: [[UInt32]], names: [AlternativeName],
        notBefore: Int64, notAfter: Int64
    ) throws(PKIError) -> Certificate {
        var extensions: [CertificateExtension] = [
            .basicConstraints(isCA: false),
            .keyUsage([0]),
            .extendedKeyUsage(purposes),
            .subjectKeyIdentifier(Self.keyIdentifier(of: publicKey)),
            .authorityKeyIdentifier(authorityKeyIdentifier),
        ]
        if !names.isEmpty { extensions.append(.subjectAlternativeName(names)) }
        let template = CertificateTemplate(
            subject: subject, publicKey: publicKey, notBefore: notBefore, notAfter: notAfter, extensions: extensions)
        return try template.sign(with: key, issuer: certificate)
    }

    private static func names(xmppAddresses: [String], uris: [String]) throws(PKIError) -> [AlternativeName] {
        var names: [AlternativeName] = []
        for address in xmppAddresses { names.append(try .xmppAddress(address)) }
        for uri in uris { names.append(try .uri(uri)) }
        return names
    }

    /// What the CA calls its own key, so that verifiers find the way to it.
    var authorityKeyIdentifier: [UInt8] {
        certificate.traits.subjectKeyIdentifier ?? Self.keyIdentifier(of: key.publicKey)
    }

    /// The leftmost 160 bits of SHA-256 of the point (RFC 7093 §2, method 1).
    private static func keyIdentifier(of key: P256PublicKey) -> [UInt8] {
        Array(Digest.sha256(key.point).prefix(20))
    }
}
