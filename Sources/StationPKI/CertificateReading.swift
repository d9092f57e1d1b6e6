// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// The fields of a certificate, taken out of OpenSSL's object.
struct CertificateReading {
    let publicKey: P256PublicKey?
    let serialNumber: String
    let notBefore: Int64
    let notAfter: Int64
    let names: AlternativeNames
    let subjectSerialNumber: String?
    let isCA: Bool
    let subject: String
    let issuer: String
    let traits: CertificateTraits

    init(_ x509: OpaquePointer, der: [UInt8]) throws(PKIError) {
        defer { ERR_clear_error() }
        // One certificate has one spelling, or a fingerprint would mean nothing.
        guard derBytes(x509, i2d_X509) == der else { throw PKIError(.malformed, "the certificate is not in DER") }
        try Self.checkExtensionsAreUnique(x509)
        // Also fills the caches of OpenSSL before another thread can see the object.
        guard X509_check_purpose(x509, -1, 0) == 1 else {
            throw PKIError.openSSL(.malformed, "an extension of the certificate cannot be read")
        }
        guard let notBefore = seconds(of: X509_get0_notBefore(x509)), let notAfter = seconds(of: X509_get0_notAfter(x509)) else {
            throw PKIError.openSSL(.malformed, "the validity of the certificate cannot be read")
        }
        self.notBefore = notBefore
        self.notAfter = notAfter
        publicKey = P256PublicKey(X509_get0_pubkey(x509))
        names = try AlternativeNames(x509)
        let serial = try Self.serialNumber(x509)
        serialNumber = serial.text
        subjectSerialNumber = Self.subjectSerialNumber(x509)
        let flags = X509_get_extension_flags(x509)
        isCA = flags & UInt32(bitPattern: EXFLAG_CA) != 0
        subject = text(of: X509_get_subject_name(x509))
        issuer = text(of: X509_get_issuer_name(x509))
        let usage = flags & UInt32(bitPattern: EXFLAG_KUSAGE) == 0 ? nil : X509_get_key_usage(x509)
        traits = CertificateTraits(
            version: X509_get_version(x509) &+ 1,
            hasValidSerialNumber: serial.isValid,
            mayActAsCA: X509_check_ca(x509) != 0 || (usage ?? 0) & UInt32(bitPattern: KU_KEY_CERT_SIGN) != 0,
            extendedKeyUsages: try Self.extendedKeyUsages(x509),
            allowsDigitalSignature: usage.map { $0 & UInt32(bitPattern: KU_DIGITAL_SIGNATURE) != 0 },
            brokenXMPPAddresses: names.brokenXMPPAddresses,
            subjectKeyIdentifier: X509_get0_subject_key_id(x509).map { contents(of: $0) })
    }

    /// RFC 5280 §4.2: no extension twice. OpenSSL's readers differ in which of two they take.
    private static func checkExtensionsAreUnique(_ x509: OpaquePointer) throws(PKIError) {
        var seen: Set<String> = []
        for index in 0..<max(0, X509_get_ext_count(x509)) {
            guard let identifier = dottedDecimals(X509_EXTENSION_get_object(X509_get_ext(x509, index))) else {
                throw PKIError(.malformed, "an extension of the certificate has no usable identifier")
            }
            guard seen.insert(identifier).inserted else {
                throw PKIError(.malformed, "the certificate has the extension \(identifier) twice")
            }
        }
    }

    private static func serialNumber(_ x509: OpaquePointer) throws(PKIError) -> (text: String, isValid: Bool) {
        guard let number = X509_get0_serialNumber(x509) else { throw PKIError(.malformed, "the certificate has no serial number") }
        let octets = contents(of: number)
        let isNegative = number.pointee.type == V_ASN1_NEG_INTEGER
        let magnitude = Array(octets.drop { $0 == 0 })
        // A first bit that is set costs one octet more in DER.
        let encoded = magnitude.count &+ ((magnitude.first ?? 0) & 0x80 == 0 ? 0 : 1)
        let text = magnitude.isEmpty ? "00" : Hex.encode(magnitude)
        return (isNegative ? "-" + text : text, !isNegative && !magnitude.isEmpty && encoded <= 20)
    }

    private static func subjectSerialNumber(_ x509: OpaquePointer) -> String? {
        guard let name = X509_get_subject_name(x509) else { return nil }
        let first = X509_NAME_get_index_by_NID(name, NID_serialNumber, -1)
        guard first >= 0, X509_NAME_get_index_by_NID(name, NID_serialNumber, first) < 0,
            let data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first))
        else { return nil }
        var start: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&start, data)
        guard count > 0, let start else { return nil }
        defer { station_openssl_free(start) }
        return String(validating: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
            .flatMap { isPlain($0) ? $0 : nil }
    }

    private static func extendedKeyUsages(_ x509: OpaquePointer) throws(PKIError) -> Set<String>? {
        var critical: Int32 = 0
        guard let usages = X509_get_ext_d2i(x509, NID_ext_key_usage, &critical, nil) else {
            guard critical == -1 else { throw PKIError.openSSL(.malformed, "the extended key usage cannot be read") }
            return nil
        }
        let stack = OpaquePointer(usages)
        defer { EXTENDED_KEY_USAGE_free(stack) }
        return Set((0..<max(0, station_objects_count(stack))).compactMap { dottedDecimals(station_object(stack, $0)) })
    }
}

/// The subject's alternative names (RFC 5280 §4.2.1.6) of the kinds that we know.
struct AlternativeNames {
    /// id-on-xmppAddr (RFC 6120 §13.7.1.4).
    static let xmppAddressIdentifier = "1.3.6.1.5.5.7.8.5"

    private(set) var xmppAddresses: [String] = []
    private(set) var brokenXMPPAddresses = 0
    private(set) var uris: [String] = []
    private(set) var dnsNames: [String] = []

    init(_ x509: OpaquePointer) throws(PKIError) {
        var critical: Int32 = 0
        guard let found = X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nil) else {
            guard critical == -1 else { throw PKIError.openSSL(.malformed, "the alternative names cannot be read") }
            return
        }
        let names = OpaquePointer(found)
        defer { GENERAL_NAMES_free(names) }
        for index in 0..<max(0, station_general_names_count(names)) {
            guard let name = station_general_name(names, index) else { continue }
            add(name.pointee)
        }
    }

    private mutating func add(_ name: GENERAL_NAME) {
        switch name.type {
        case GEN_OTHERNAME:
            guard let other = name.d.otherName, dottedDecimals(other.pointee.type_id) == Self.xmppAddressIdentifier else { return }
            guard let value = other.pointee.value, value.pointee.type == V_ASN1_UTF8STRING,
                let string = value.pointee.value.utf8string, let address = Self.plainText(string)
            else {
                brokenXMPPAddresses &+= 1
                return
            }
            xmppAddresses.append(address)
        case GEN_URI:
            if let string = name.d.uniformResourceIdentifier, let uri = Self.plainText(string) { uris.append(uri) }
        case GEN_DNS:
            if let string = name.d.dNSName, let dnsName = Self.plainText(string) { dnsNames.append(dnsName) }
        default:
            break
        }
    }

    private static func plainText(_ string: UnsafeMutablePointer<ASN1_STRING>) -> String? {
        String(validating: contents(of: string), as: UTF8.self).flatMap { isPlain($0) ? $0 : nil }
    }
}
