// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// One part of a distinguished name.
struct NameEntry {
    let identifier: Int32
    let text: String

    static func commonName(_ text: String) -> NameEntry { NameEntry(identifier: NID_commonName, text: text) }
    static func organization(_ text: String) -> NameEntry { NameEntry(identifier: NID_organizationName, text: text) }
    static func serialNumber(_ text: String) -> NameEntry { NameEntry(identifier: NID_serialNumber, text: text) }

    func add(to name: OpaquePointer) throws(PKIError) {
        guard isPlain(text), text.unicodeScalars.count <= PKILimits.nameCharacters else {
            throw PKIError(.invalidValue, "a part of a name has 1 to \(PKILimits.nameCharacters) characters and no control characters")
        }
        let bytes = Array(text.utf8)
        guard let count = Int32(exactly: bytes.count),
            X509_NAME_add_entry_by_NID(name, identifier, stringType, bytes, count, -1, 0) == 1
        else { throw PKIError.openSSL(.invalidValue, "a part of a name cannot be written") }
    }

    /// X.520 wants serialNumber as PrintableString, which has no underscore; ours may have one, and then goes as UTF8String.
    private var stringType: Int32 {
        guard identifier == NID_serialNumber else { return V_ASN1_UTF8STRING }
        let printable = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        return printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING
    }
}

/// An extension of a certificate or CRL: what it is, and its DER.
struct CertificateExtension {
    let identifier: Int32
    let isCritical: Bool
    let der: [UInt8]

    /// A CA of ours signs stations, never another CA: path length 0.
    static func basicConstraints(isCA: Bool, pathLength: Int64? = 0) -> Self {
        let content = isCA ? [DER.yes] + (pathLength.map { [DER.integer($0)] } ?? []) : []
        return Self(identifier: NID_basic_constraints, isCritical: true, der: DER.sequence(content))
    }

    /// Bits as RFC 5280 §4.2.1.3 numbers them: 0 digitalSignature, 5 keyCertSign, 6 cRLSign.
    static func keyUsage(_ bits: [UInt8]) -> Self {
        Self(identifier: NID_key_usage, isCritical: true, der: DER.namedBits(bits))
    }

    static func extendedKeyUsage(_ purposes: [[UInt32]]) -> Self {
        Self(identifier: NID_ext_key_usage, isCritical: false, der: DER.sequence(purposes.map(DER.objectIdentifier)))
    }

    static func subjectKeyIdentifier(_ identifier: [UInt8]) -> Self {
        Self(identifier: NID_subject_key_identifier, isCritical: false, der: DER.octetString(identifier))
    }

    static func authorityKeyIdentifier(_ identifier: [UInt8]) -> Self {
        Self(identifier: NID_authority_key_identifier, isCritical: false, der: DER.sequence([DER.tagged(0, identifier)]))
    }

    static func subjectAlternativeName(_ names: [AlternativeName]) -> Self {
        Self(identifier: NID_subject_alt_name, isCritical: false, der: DER.sequence(names.map(\.der)))
    }

    /// Adds the extension by one of OpenSSL's `_add_ext` functions.
    func add(to object: OpaquePointer, by add: (OpaquePointer?, OpaquePointer?, Int32) -> Int32) throws(PKIError) {
        guard let count = Int32(exactly: der.count), let value = ASN1_OCTET_STRING_new() else {
            throw PKIError.openSSL(.library, "an extension could not be made")
        }
        defer { ASN1_OCTET_STRING_free(value) }
        guard ASN1_OCTET_STRING_set(value, der, count) == 1,
            let made = X509_EXTENSION_create_by_NID(nil, identifier, isCritical ? 1 : 0, value)
        else { throw PKIError.openSSL(.library, "an extension could not be made") }
        defer { X509_EXTENSION_free(made) }
        guard add(object, made, -1) == 1 else { throw PKIError.openSSL(.library, "an extension could not be added") }
    }
}

/// What is to be signed, all of it said by us.
struct CertificateTemplate {
    var subject: [NameEntry]
    var publicKey: P256PublicKey
    var notBefore: Int64
    var notAfter: Int64
    var extensions: [CertificateExtension]

    /// - Parameter issuer: nil signs with the key's own name, as a root does.
    func sign(with key: P256PrivateKey, issuer: Certificate?) throws(PKIError) -> Certificate {
        guard notBefore <= notAfter else { throw PKIError(.invalidValue, "the validity ends before it begins") }
        guard let x509 = X509_new(), let name = X509_NAME_new() else {
            throw PKIError.openSSL(.library, "no certificate could be made")
        }
        defer {
            X509_free(x509)
            X509_NAME_free(name)
        }
        for entry in subject { try entry.add(to: name) }
        try Self.setSerialNumber(of: x509)
        try setValidity(of: x509)
        let prepared = publicKey.handle.use { publicKey in
            X509_set_version(x509, 2) == 1 && X509_set_subject_name(x509, name) == 1 && X509_set_pubkey(x509, publicKey) == 1
        }
        let named = issuer.map { $0.handle.use { X509_set_issuer_name(x509, X509_get_subject_name($0)) } }
            ?? X509_set_issuer_name(x509, name)
        guard prepared, named == 1 else { throw PKIError.openSSL(.library, "the certificate could not be filled in") }
        for one in extensions { try one.add(to: x509, by: X509_add_ext) }
        guard key.handle.use({ X509_sign(x509, $0, EVP_sha256()) }) > 0, let der = derBytes(x509, i2d_X509) else {
            throw PKIError.openSSL(.library, "the certificate could not be signed")
        }
        return try Certificate(der: der)
    }

    /// 16 random octets; the top bits are set so that the number is positive and its length does not vary.
    private static func setSerialNumber(of x509: OpaquePointer) throws(PKIError) {
        guard var octets = try? secureRandomBytes(16) else { throw PKIError(.library, "no serial number could be drawn") }
        octets[0] = octets[0] & 0x3F | 0x40
        guard let number = BN_bin2bn(octets, Int32(octets.count), nil) else {
            throw PKIError.openSSL(.library, "no serial number could be made")
        }
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil else {
            throw PKIError.openSSL(.library, "no serial number could be set")
        }
    }

    private func setValidity(of x509: OpaquePointer) throws(PKIError) {
        let begin = makeTime(notBefore)
        let end = makeTime(notAfter)
        defer {
            ASN1_TIME_free(begin)
            ASN1_TIME_free(end)
        }
        guard let begin, let end, X509_set1_notBefore(x509, begin) == 1, X509_set1_notAfter(x509, end) == 1 else {
            throw PKIError.openSSL(.invalidValue, "a certificate is valid from 1970 at the earliest to 9999 at the latest")
        }
    }
}
