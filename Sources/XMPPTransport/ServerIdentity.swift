// SPDX-License-Identifier: Apache-2.0
import NIOSSL

/// Whether a certificate is that of the server we mean (RFC 6125, RFC 6120 §13.7.1.2).
///
/// NIOSSL accepts a certificate for the *address* of the peer as well, whatever name was asked for. Whoever can lead
/// us to a machine with a certificate for its address would pass for any server, so the name is checked here once more.
enum ServerIdentity {
    /// Whether the certificate holds this DNS name among its alternative names.
    static func holds(_ certificate: NIOSSLCertificate, name: String) -> Bool {
        certificate._subjectAlternativeNames().contains { alternative in
            alternative.nameType == .dnsName && matches(Array(alternative.contents), name: Array(name.utf8))
        }
    }

    /// Compares without regard to case; a whole first label `*` stands for one label.
    static func matches(_ pattern: [UInt8], name: [UInt8]) -> Bool {
        func labels(_ bytes: [UInt8]) -> [[UInt8]] {
            let folded = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            return folded.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        }
        let (pattern, name) = (labels(pattern), labels(name))
        guard pattern.count == name.count, !name.contains([]) else { return false }
        if pattern == name { return true }
        return pattern[0] == [UInt8(ascii: "*")] && pattern.count > 1 && pattern.dropFirst() == name.dropFirst()
    }
}
