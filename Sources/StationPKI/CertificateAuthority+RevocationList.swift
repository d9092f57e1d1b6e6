// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

extension CertificateAuthority {
    /// Signs a certificate revocation list (RFC 5280 §5), version 2, in DER.
    ///
    /// A server that finds an expired list locks everybody out: renew it well before `nextUpdate`.
    ///
    /// - Parameters:
    ///   - revoked: serial numbers as ``Certificate/serialNumber`` gives them, and seconds since 1970. Of two entries for
    ///     one serial number the first stays.
    ///   - number: ≥ 0, and higher than that of the list before (RFC 5280 §5.2.3).
    ///   - now: seconds since 1970, as is `nextUpdate`.
    public func crl(
        revoked: [(serialNumber: String, at: Int64)], number: Int64, now: Int64, nextUpdate: Int64
    ) throws(PKIError) -> [UInt8] {
        guard number >= 0, now < nextUpdate else {
            throw PKIError(.invalidValue, "a revocation list has a number of 0 or more, and ends after it begins")
        }
        guard let list = X509_CRL_new() else { throw PKIError.openSSL(.library, "no revocation list could be made") }
        defer { X509_CRL_free(list) }
        try Self.setTimes(of: list, now: now, nextUpdate: nextUpdate)
        let named = certificate.handle.use { X509_CRL_set_issuer_name(list, X509_get_subject_name($0)) }
        guard named == 1, X509_CRL_set_version(list, 1) == 1 else {
            throw PKIError.openSSL(.library, "the revocation list could not be filled in")
        }
        var seen: Set<String> = []
        for entry in revoked where seen.insert(entry.serialNumber).inserted {
            try Self.add(entry.serialNumber, at: entry.at, to: list)
        }
        _ = X509_CRL_sort(list)
        let extensions = [
            CertificateExtension.authorityKeyIdentifier(authorityKeyIdentifier),
            CertificateExtension(identifier: NID_crl_number, isCritical: false, der: DER.integer(number)),
        ]
        for one in extensions { try one.add(to: list, by: X509_CRL_add_ext) }
        guard key.handle.use({ X509_CRL_sign(list, $0, EVP_sha256()) }) > 0, let der = derBytes(list, i2d_X509_CRL) else {
            throw PKIError.openSSL(.library, "the revocation list could not be signed")
        }
        return der
    }

    /// The same list in PEM, as Prosody wants it appended to `cafile`.
    public func crlPEM(
        revoked: [(serialNumber: String, at: Int64)], number: Int64, now: Int64, nextUpdate: Int64
    ) throws(PKIError) -> String {
        PEM.encode("X509 CRL", try crl(revoked: revoked, number: number, now: now, nextUpdate: nextUpdate))
    }

    private static func setTimes(of list: OpaquePointer, now: Int64, nextUpdate: Int64) throws(PKIError) {
        let begin = makeTime(now)
        let end = makeTime(nextUpdate)
        defer {
            ASN1_TIME_free(begin)
            ASN1_TIME_free(end)
        }
        guard let begin, let end, X509_CRL_set1_lastUpdate(list, begin) == 1, X509_CRL_set1_nextUpdate(list, end) == 1 else {
            throw PKIError.openSSL(.invalidValue, "the times of the revocation list are out of range")
        }
    }

    private static func add(_ serialNumber: String, at time: Int64, to list: OpaquePointer) throws(PKIError) {
        guard let octets = Hex.decode(serialNumber), (1...20).contains(octets.count), octets.contains(where: { $0 != 0 }) else {
            throw PKIError(.invalidValue, "a serial number has 1 to 20 octets in hexadecimal and is not zero")
        }
        guard let number = BN_bin2bn(octets, Int32(octets.count), nil) else {
            throw PKIError.openSSL(.library, "no revocation could be made")
        }
        defer { BN_free(number) }
        let serial = BN_to_ASN1_INTEGER(number, nil)
        let date = makeTime(time)
        defer {
            ASN1_INTEGER_free(serial)
            ASN1_TIME_free(date)
        }
        guard let date, let serial else { throw PKIError.openSSL(.invalidValue, "the time of a revocation is out of range") }
        guard let entry = X509_REVOKED_new() else { throw PKIError.openSSL(.library, "no revocation could be made") }
        // On success the list owns the entry.
        guard X509_REVOKED_set_serialNumber(entry, serial) == 1, X509_REVOKED_set_revocationDate(entry, date) == 1,
            X509_CRL_add0_revoked(list, entry) == 1
        else {
            X509_REVOKED_free(entry)
            throw PKIError.openSSL(.library, "a revocation could not be added")
        }
    }
}
