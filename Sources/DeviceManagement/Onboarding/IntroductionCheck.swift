// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI
import StationProtocol
import XMPPCore

/// What the pool finds out about an introduction. Whatever is wrong with it, the same three checks are made, so that the
/// time which a refusal takes tells nothing: where there is nothing to check, a decoy is.
package struct IntroductionCheck: Sendable {
    /// One of the checks.
    package enum Step: Sendable, Hashable, CaseIterable { case chain, proof, request }

    /// What a good introduction has shown.
    package struct Evidence: Sendable {
        /// The engraved certificate.
        package let identity: Certificate
        /// The maker that has signed it.
        package let trustAnchor: Certificate
        /// The key that the station wants an operational certificate for.
        package let operationalKey: P256PublicKey
    }

    private struct Decoy: Sendable {
        let chain: [Certificate]
        let key: P256PublicKey
        let request: [UInt8]
    }

    private let trustAnchors: [Certificate]
    private let decoy: Decoy?
    /// Told of each check; for tests, which count them.
    package var observe: @Sendable (Step) -> Void = { _ in }

    package init(authority: CertificateAuthority, trustAnchors: [Certificate]) {
        self.trustAnchors = trustAnchors
        decoy = Self.makeDecoy(authority)
    }

    /// A certificate like a station's, whose private key nobody keeps.
    private static func makeDecoy(_ authority: CertificateAuthority) -> Decoy? {
        guard let key = try? P256PrivateKey(),
            let leaf = try? authority.issue(
                publicKey: key.publicKey, commonName: "decoy", serialNumber: "decoy", xmppAddresses: ["decoy@decoy.invalid"],
                uris: [], notBefore: 0, notAfter: PKILimits.latestTime),
            let request = try? CertificateSigningRequest(key: key, commonName: "decoy")
        else { return nil }
        return Decoy(chain: [leaf, authority.certificate], key: key.publicKey, request: request.der)
    }

    /// - Parameters:
    ///   - request: the introduction that the challenge belonged to; nil if there was no such challenge.
    ///   - time: seconds since 1970.
    package func evidence(_ request: Introduce?, _ prove: Prove, from: JID, at time: Int64) -> Evidence? {
        let verified = request.flatMap { chain($0.certificates, time) }
        if verified == nil, request == nil { _ = checked(decoy?.chain ?? [], time) }
        observe(.proof)
        let key = verified?.publicKey ?? decoy?.key
        let isProven = key?.verify(signature: prove.signature, message: prove.message) ?? false
        let operationalKey = signingKey(verified == nil ? nil : prove.csr)
        guard let request, let verified, isProven, let operationalKey, operationalKey != verified.publicKey,
            verified.subjectSerialNumber.flatMap({ try? Serial($0) }) == request.serial,
            let address = try? JID(verified.xmppAddress), address == from.bare
        else { return nil }
        return Evidence(
            identity: verified.certificate, trustAnchor: verified.trustAnchor, operationalKey: operationalKey)
    }

    private func chain(_ ders: [[UInt8]], _ time: Int64) -> VerifiedStationCertificate? {
        let certificates = ders.compactMap { try? Certificate(der: $0) }
        guard certificates.count == ders.count else {
            _ = checked(decoy?.chain ?? [], time)
            return nil
        }
        return checked(certificates, time)
    }

    private func checked(_ chain: [Certificate], _ time: Int64) -> VerifiedStationCertificate? {
        observe(.chain)
        return try? StationCertificateProfile.verify(chain: chain, trustAnchors: trustAnchors, at: time)
    }

    /// A certificate request bears a signature of its own, which is checked where it is read.
    private func signingKey(_ der: [UInt8]?) -> P256PublicKey? {
        observe(.request)
        if let der, let request = try? CertificateSigningRequest(der: der) { return request.publicKey }
        if let decoy { _ = try? CertificateSigningRequest(der: decoy.request) }
        return nil
    }
}
