// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// A name that we put into a certificate (RFC 5280 §4.2.1.6); a value can be written as it stands.
struct AlternativeName {
    /// GeneralName in DER.
    let der: [UInt8]

    /// id-on-xmppAddr: otherName [0] { 1.3.6.1.5.5.7.8.5, [0] UTF8String } (RFC 6120 §13.7.1.4).
    static func xmppAddress(_ address: String) throws(PKIError) -> Self {
        guard isPlain(address), address.utf8.count <= 3071 else { throw PKIError(.invalidValue, "not an XMPP address") }
        let identifier = DER.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 8, 5])
        return Self(der: DER.wrapped(0, identifier + DER.wrapped(0, DER.utf8String(address))))
    }

    static func uri(_ uri: String) throws(PKIError) -> Self {
        guard isVisibleASCII(uri), uri.utf8.contains(UInt8(ascii: ":")) else { throw PKIError(.invalidValue, "not a URI") }
        return Self(der: DER.tagged(6, Array(uri.utf8)))
    }

    static func dnsName(_ name: String) throws(PKIError) -> Self {
        guard isVisibleASCII(name), name.utf8.count <= 253 else { throw PKIError(.invalidValue, "not a DNS name in ASCII") }
        return Self(der: DER.tagged(2, Array(name.utf8)))
    }

    /// An IPv4 or IPv6 address in its usual notation.
    static func ipAddress(_ address: String) throws(PKIError) -> Self {
        guard isVisibleASCII(address), let octets = a2i_IPADDRESS(address) else {
            ERR_clear_error()
            throw PKIError(.invalidValue, "not an IP address")
        }
        defer { ASN1_OCTET_STRING_free(octets) }
        return Self(der: DER.tagged(7, contents(of: octets)))
    }

    private static func isVisibleASCII(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
