// SPDX-License-Identifier: Apache-2.0
import StationDigest
@testable import StationPKI

/// A CA and what a test needs to make good and bad certificates with it.
struct Workshop {
    static let now: Int64 = 1_800_000_000
    static let year: Int64 = 31_557_600
    static let clientAuthentication: [UInt32] = [1, 3, 6, 1, 5, 5, 7, 3, 2]

    let authority: CertificateAuthority
    let stationKey: P256PrivateKey

    init(_ name: String = "Maker CA") throws {
        authority = try .create(
            commonName: name, organization: "Capulet Instruments", key: P256PrivateKey(), validYears: 20, now: Self.now)
        stationKey = try P256PrivateKey()
    }

    /// As the product issues it.
    func station(
        serial: String = "WX-7", addresses: [String] = ["wx-7@onboarding.example"], from: Int64 = now, to: Int64 = now + year
    ) throws -> Certificate {
        try authority.issue(
            publicKey: stationKey.publicKey, commonName: serial, serialNumber: serial, xmppAddresses: addresses,
            uris: ["urn:dev:ops:32473-WX-WX-7"], notBefore: from, notAfter: to)
    }

    /// As only an attacker would, or a careless CA.
    func odd(_ extensions: [CertificateExtension], signedBy other: P256PrivateKey? = nil) throws -> Certificate {
        let template = CertificateTemplate(
            subject: [.serialNumber("WX-7"), .commonName("wx-7@onboarding.example")], publicKey: stationKey.publicKey,
            notBefore: Self.now, notAfter: Self.now + Self.year,
            extensions: extensions + [.authorityKeyIdentifier(authority.authorityKeyIdentifier)])
        return try template.sign(with: other ?? authority.key, issuer: authority.certificate)
    }

    /// A CA under another one, which may go on.
    static func intermediate(
        _ name: String, key: P256PrivateKey, under issuer: Certificate, signedBy issuerKey: P256PrivateKey
    ) throws -> Certificate {
        let identifier = Array(Digest.sha256(key.publicKey.point).prefix(20))
        let template = CertificateTemplate(
            subject: [.commonName(name)], publicKey: key.publicKey, notBefore: now, notAfter: now + year,
            extensions: [
                .basicConstraints(isCA: true, pathLength: nil),
                .keyUsage([5, 6]), .subjectKeyIdentifier(identifier),
                .authorityKeyIdentifier(issuer.traits.subjectKeyIdentifier ?? []),
            ])
        return try template.sign(with: issuerKey, issuer: issuer)
    }
}

/// Runs what should be refused, and says why it was; nil if it was not.
func refusal(_ body: () throws -> Void) -> PKIError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? PKIError)?.code
    }
}
