// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// An X.509 certificate (RFC 5280) with the fields that matter here, read once.
///
/// A value is well-formed, no more: whether it is good for a station is what ``StationCertificateProfile`` says.
public struct Certificate: Sendable, Hashable, CustomStringConvertible {
    /// The exact octets, as they came or were signed.
    public let der: [UInt8]
    /// In small hexadecimal letters without leading zero octets, with a minus sign if negative.
    public let serialNumber: String
    /// Seconds since 1970, UTC.
    public let notBefore: Int64
    /// Seconds since 1970, UTC.
    public let notAfter: Int64
    /// Each id-on-xmppAddr (1.3.6.1.5.5.7.8.5) among the subject's alternative names (RFC 6120 §13.7.1.4).
    public let xmppAddresses: [String]
    /// Each URI among the subject's alternative names, such as `urn:dev:ops:…` (RFC 9039).
    public let uris: [String]
    /// Each DNS name among the subject's alternative names.
    public let dnsNames: [String]
    /// The serialNumber of the subject's name (X.520), if there is exactly one. IEEE 802.1AR puts the device's serial there.
    public let subjectSerialNumber: String?
    /// True if basic constraints say that the holder may sign certificates.
    public let isCA: Bool
    /// The subject's name by RFC 2253, for people: escaped, and never to be compared.
    public let subject: String
    /// The issuer's name by RFC 2253, for people.
    public let issuer: String

    /// The key, if it is on the curve P-256; nil for every other kind.
    let p256Key: P256PublicKey?
    let traits: CertificateTraits
    let handle: Owned

    /// The key.
    ///
    /// - Throws: ``PKIError/Code/unsupportedKey`` if it is not on the named curve P-256. Such a certificate can still be a
    ///   CA's, and a trust anchor.
    public var publicKey: P256PublicKey {
        get throws(PKIError) {
            guard let p256Key else { throw PKIError(.unsupportedKey, "the certificate's key is not on the curve P-256") }
            return p256Key
        }
    }

    /// - Throws: ``PKIError/Code/malformed`` or ``PKIError/Code/tooLarge``.
    public init(der: [UInt8]) throws(PKIError) {
        guard der.count <= PKILimits.certificateBytes else { throw PKIError(.tooLarge, "the certificate is too long") }
        guard let handle = parseDER(der, d2i_X509, release: X509_free) else {
            throw PKIError.openSSL(.malformed, "the certificate cannot be read")
        }
        let reading = try handle.use { (x509) throws(PKIError) in try CertificateReading(x509, der: der) }
        self.der = der
        self.handle = handle
        p256Key = reading.publicKey
        serialNumber = reading.serialNumber
        notBefore = reading.notBefore
        notAfter = reading.notAfter
        xmppAddresses = reading.names.xmppAddresses
        uris = reading.names.uris
        dnsNames = reading.names.dnsNames
        subjectSerialNumber = reading.subjectSerialNumber
        isCA = reading.isCA
        subject = reading.subject
        issuer = reading.issuer
        traits = reading.traits
    }

    /// Reads the first certificate of a PEM text.
    public init(pem: String) throws(PKIError) {
        guard let first = try Self.all(pem: pem).first else {
            throw PKIError(.malformed, "the PEM text holds no certificate")
        }
        self = first
    }

    /// Reads every certificate of a PEM text, in order: a chain, or a file of trust anchors. Other blocks are skipped.
    public static func all(pem: String) throws(PKIError) -> [Certificate] {
        var certificates: [Certificate] = []
        for block in try PEM.blocks(in: pem) where block.label == "CERTIFICATE" {
            certificates.append(try Certificate(der: block.der))
        }
        return certificates
    }

    /// As a PEM block.
    public var pem: String { PEM.encode("CERTIFICATE", der) }

    /// SHA-256 of ``der`` in hexadecimal.
    public var fingerprint: String { Hex.encode(Digest.sha256(der)) }

    public var description: String { "certificate \(serialNumber) of \(subject)" }

    public static func == (left: Self, right: Self) -> Bool { left.der == right.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

/// What the profile looks at, beyond what others need to know.
struct CertificateTraits: Sendable {
    /// As people count: 1 to 3.
    var version: Int
    /// Positive and at most 20 octets (RFC 5280 §4.1.2.2).
    var hasValidSerialNumber: Bool
    /// Any of basic constraints, key usage or the old Netscape type makes it a CA in somebody's eyes.
    var mayActAsCA: Bool
    /// Object identifiers in dotted decimals; nil without the extension.
    var extendedKeyUsages: Set<String>?
    /// Nil without the extension; else whether digital signatures are allowed.
    var allowsDigitalSignature: Bool?
    /// Names in an id-on-xmppAddr that are no UTF8String, or hold control characters.
    var brokenXMPPAddresses: Int
    /// Octets of the subject key identifier, if there.
    var subjectKeyIdentifier: [UInt8]?
}
