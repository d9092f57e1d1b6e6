// SPDX-License-Identifier: Apache-2.0
@testable import StationPKI
import Testing

@Suite struct `The profile of a station's certificate` {
    private func refused(
        _ chain: [Certificate], by anchors: [Certificate], at time: Int64 = Workshop.now + 60
    ) -> PKIError.Code? {
        refusal { _ = try StationCertificateProfile.verify(chain: chain, trustAnchors: anchors, at: time) }
    }

    @Test func `a good one is accepted, with or without its CA`() throws {
        let workshop = try Workshop()
        let leaf = try workshop.station()
        let root = workshop.authority.certificate
        let others = try (0..<3).map { try Workshop("CA \($0)").authority.certificate }
        for chain in [[leaf], [leaf, root], [leaf, others[0], root]] {
            let verified = try StationCertificateProfile.verify(
                chain: chain, trustAnchors: others + [root], at: Workshop.now + 60)
            #expect(verified.certificate == leaf)
            #expect(verified.publicKey == workshop.stationKey.publicKey)
            #expect(verified.xmppAddress == "wx-7@onboarding.example")
            #expect(verified.subjectSerialNumber == "WX-7")
            #expect(verified.trustAnchor == root)
        }
    }

    @Test func `one made by the openssl command is accepted`() throws {
        let root = try Certificate(pem: Fixtures.authority)
        let verified = try StationCertificateProfile.verify(
            chain: [Certificate(pem: Fixtures.good)], trustAnchors: [root], at: Fixtures.time)
        #expect(verified.xmppAddress == "wx-9@onboarding.example")
        #expect(refused([try Certificate(pem: Fixtures.longestSerial)], by: [root], at: Fixtures.time) == nil)
    }

    @Test(arguments: [
        (Fixtures.rsa, PKIError.Code.unsupportedKey), (Fixtures.p384, .unsupportedKey),
        (Fixtures.explicitParameters, .unsupportedKey), (Fixtures.version1, .version), (Fixtures.negativeSerial, .serialNumber),
        (Fixtures.zeroSerial, .serialNumber), (Fixtures.longSerial, .serialNumber), (Fixtures.wrongStringType, .malformed),
    ])
    func `odd ones of a trusted CA are refused`(pem: String, reason: PKIError.Code) throws {
        let root = try Certificate(pem: Fixtures.authority)
        #expect(refused([try Certificate(pem: pem)], by: [root], at: Fixtures.time) == reason)
    }

    @Test func `weak hashes and weak keys above it are refused`() throws {
        let sha1 = try Certificate(pem: Fixtures.sha1)
        #expect(refused([sha1], by: [try Certificate(pem: Fixtures.authority)], at: Fixtures.time) == .profile)
        let leaf = try Certificate(pem: Fixtures.underWeakAuthority)
        #expect(refused([leaf], by: [try Certificate(pem: Fixtures.weakAuthority)], at: Fixtures.time) == .profile)
    }

    @Test func `a certificate that does not say which key signed it is refused`() throws {
        let workshop = try Workshop()
        let template = CertificateTemplate(
            subject: [.commonName("WX-7")], publicKey: workshop.stationKey.publicKey, notBefore: Workshop.now,
            notAfter: Workshop.now + Workshop.year, extensions: try Self.extensions())
        let leaf = try template.sign(with: workshop.authority.key, issuer: workshop.authority.certificate)
        #expect(refused([leaf], by: [workshop.authority.certificate]) == .profile)
    }

    @Test func `validity has an end at both sides`() throws {
        let workshop = try Workshop()
        let leaf = try workshop.station()
        let root = [workshop.authority.certificate]
        #expect(refused([leaf], by: root, at: leaf.notBefore - 1) == .notYetValid)
        #expect(refused([leaf], by: root, at: leaf.notBefore) == nil)
        #expect(refused([leaf], by: root, at: leaf.notAfter - 1) == nil)
        #expect(refused([leaf], by: root, at: leaf.notAfter + 1) == .expired)
        #expect(refused([leaf], by: root, at: .min) == .notYetValid)
        #expect(refused([leaf], by: root, at: .max) == .expired)
        // A station for ever, a CA that has ended.
        let lasting = try workshop.station(to: PKILimits.latestTime)
        #expect(refused([lasting], by: root, at: Workshop.now + 21 * Workshop.year) == .expired)
    }

    @Test func `another CA does not count, even of the same name`() throws {
        let workshop = try Workshop()
        let leaf = try workshop.station()
        #expect(refused([leaf], by: []) == .untrusted)
        #expect(refused([leaf], by: [try Workshop("Other CA").authority.certificate]) == .untrusted)
        let namesake = try Workshop().authority.certificate
        #expect(namesake.subject == workshop.authority.certificate.subject)
        #expect(refused([leaf], by: [namesake]) == .untrusted)
        // What the sender adds to the chain is no anchor.
        #expect(refused([leaf, workshop.authority.certificate], by: [namesake]) == .untrusted)
    }

    @Test func `a forged signature under a trusted CA's name is refused`() throws {
        let workshop = try Workshop()
        let leaf = try workshop.odd(try Self.extensions(), signedBy: P256PrivateKey())
        #expect(refused([leaf], by: [workshop.authority.certificate]) == .invalidSignature)
        var der = try workshop.station().der
        der[der.count - 1] ^= 1
        #expect(refused([try Certificate(der: der)], by: [workshop.authority.certificate]) == .invalidSignature)
    }

    @Test func `a CA is no station`() throws {
        let workshop = try Workshop()
        let root = [workshop.authority.certificate]
        #expect(refused(root, by: root) == .certificateAuthority)
        let leaf = try workshop.odd([
            .basicConstraints(isCA: true), .keyUsage([0, 5]), .extendedKeyUsage([Workshop.clientAuthentication]),
            .subjectKeyIdentifier([1]), .subjectAlternativeName([try .xmppAddress("wx-7@onboarding.example")]),
        ])
        #expect(refused([leaf], by: root) == .certificateAuthority)
        // No basic constraints, but a key usage that only a CA has.
        let sly = try workshop.odd([
            .keyUsage([0, 5]), .extendedKeyUsage([Workshop.clientAuthentication]),
            .subjectAlternativeName([try .xmppAddress("wx-7@onboarding.example")]),
        ])
        #expect(refused([sly], by: root) == .certificateAuthority)
    }

    @Test func `the purpose is client authentication, said so`() throws {
        let workshop = try Workshop()
        let root = [workshop.authority.certificate]
        let purposes: [([[UInt32]]?, PKIError.Code?)] = [
            ([Workshop.clientAuthentication], nil),
            (nil, .noClientAuthentication),
            ([[1, 3, 6, 1, 5, 5, 7, 3, 1]], .noClientAuthentication),
            ([[2, 5, 29, 37, 0]], .anyExtendedKeyUsage),
            ([Workshop.clientAuthentication, [2, 5, 29, 37, 0]], .anyExtendedKeyUsage),
        ]
        for (purpose, reason) in purposes {
            #expect(refused([try workshop.odd(try Self.extensions(purposes: purpose))], by: root) == reason)
        }
    }

    @Test func `key usage without signatures is refused`() throws {
        let workshop = try Workshop()
        let leaf = try workshop.odd(try Self.extensions(usage: [4]))
        #expect(refused([leaf], by: [workshop.authority.certificate]) == .keyUsage)
        #expect(refused([try workshop.odd(try Self.extensions(usage: nil))], by: [workshop.authority.certificate]) == nil)
    }

    @Test func `exactly one XMPP address, and the common name is never one`() throws {
        let workshop = try Workshop()
        let root = [workshop.authority.certificate]
        let one = try AlternativeName.xmppAddress("wx-7@onboarding.example")
        let names: [([AlternativeName]?, PKIError.Code?)] = [
            ([one], nil),
            ([one, try .dnsName("example.com"), try .uri("urn:dev:ops:32473-a-b")], nil),
            ([one, try .xmppAddress("admin@onboarding.example")], .severalXMPPAddresses),
            ([one, one], .severalXMPPAddresses),
            ([try .dnsName("wx-7.onboarding.example")], .noXMPPAddress),
            ([try .uri("xmpp:wx-7@onboarding.example")], .noXMPPAddress),
            (nil, .noXMPPAddress),
            ([Self.otherName("wx-7\0@onboarding.example")], .malformed),
            ([one, Self.otherName("")], .malformed),
        ]
        for (names, reason) in names {
            #expect(refused([try workshop.odd(try Self.extensions(names: names))], by: root) == reason)
        }
    }

    @Test func `a self-signed certificate vouches for nobody`() throws {
        let workshop = try Workshop()
        let key = workshop.stationKey
        let template = CertificateTemplate(
            subject: [.commonName("WX-7")], publicKey: key.publicKey, notBefore: Workshop.now,
            notAfter: Workshop.now + Workshop.year, extensions: try Self.extensions())
        let leaf = try template.sign(with: key, issuer: nil)
        #expect(refused([leaf], by: [workshop.authority.certificate]) == .selfSigned)
        // Not even as an anchor, since it is not a CA.
        #expect(refused([leaf], by: [leaf]) == .selfSigned)
    }

    @Test func `unknown critical extensions are refused`() throws {
        let workshop = try Workshop()
        // 78 is OpenSSL's number for nsComment, which it knows and does not honour when critical.
        let strange = CertificateExtension(identifier: 78, isCritical: true, der: DER.utf8String("?"))
        let leaf = try workshop.odd(try Self.extensions() + [strange])
        #expect(refused([leaf], by: [workshop.authority.certificate]) == .profile)
    }

    @Test func `a chain has four certificates at most, each once`() throws {
        let rootKey = try P256PrivateKey()
        let rootCertificate = try CertificateTemplate(
            subject: [.commonName("Root")], publicKey: rootKey.publicKey, notBefore: Workshop.now,
            notAfter: Workshop.now + Workshop.year,
            extensions: [
                .basicConstraints(isCA: true, pathLength: nil),
                .keyUsage([5]), .subjectKeyIdentifier([1, 2, 3]),
            ]
        ).sign(with: rootKey, issuer: nil)
        var path = [(certificate: rootCertificate, key: rootKey)]
        for name in ["A", "B", "C"] {
            let key = try P256PrivateKey()
            let above = path[path.count - 1]
            path.append((try Workshop.intermediate(name, key: key, under: above.certificate, signedBy: above.key), key))
        }
        func leaf(under index: Int) throws -> Certificate {
            let template = CertificateTemplate(
                subject: [.commonName("WX-7")], publicKey: rootKey.publicKey, notBefore: Workshop.now,
                notAfter: Workshop.now + Workshop.year,
                extensions: try Self.extensions()
                    + [.authorityKeyIdentifier(path[index].certificate.traits.subjectKeyIdentifier ?? [])])
            return try template.sign(with: path[index].key, issuer: path[index].certificate)
        }
        let (a, b, c) = (path[1].certificate, path[2].certificate, path[3].certificate)
        let second = try leaf(under: 2)
        #expect(refused([second, b, a], by: [rootCertificate]) == nil)
        #expect(refused([second, a, rootCertificate, b], by: [rootCertificate]) == nil)
        #expect(refused([second, b], by: [a]) == nil)
        #expect(refused([second, a], by: [rootCertificate]) == .untrusted)
        #expect(refused([second, b, b, a], by: [rootCertificate]) == .duplicateCertificate)
        #expect(refused([second, second], by: [b]) == .duplicateCertificate)
        let third = try leaf(under: 3)
        #expect(refused([third, c, b, a], by: [rootCertificate]) == .chainLength)
        #expect(refused([third, c, b, a, rootCertificate], by: [rootCertificate]) == .chainLength)
        #expect(refused([], by: [rootCertificate]) == .chainLength)
        // What leads nowhere is counted too.
        let strangers = try (0..<3).map { try Workshop("CA \($0)").authority.certificate }
        #expect(refused([second, b] + strangers.prefix(2), by: [b]) == nil)
        #expect(refused([second, b] + strangers, by: [b]) == .chainLength)
    }

    @Test func `a CA of ours cannot make another`() throws {
        let workshop = try Workshop()
        let key = try P256PrivateKey()
        let below = try Workshop.intermediate(
            "Below", key: key, under: workshop.authority.certificate, signedBy: workshop.authority.key)
        let template = CertificateTemplate(
            subject: [.commonName("WX-7")], publicKey: workshop.stationKey.publicKey, notBefore: Workshop.now,
            notAfter: Workshop.now + Workshop.year,
            extensions: try Self.extensions() + [.authorityKeyIdentifier(below.traits.subjectKeyIdentifier ?? [])])
        let leaf = try template.sign(with: key, issuer: below)
        #expect(refused([leaf, below], by: [workshop.authority.certificate]) == .profile)
    }

    private static func otherName(_ text: String) -> AlternativeName {
        let identifier = DER.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 8, 5])
        return AlternativeName(der: DER.wrapped(0, identifier + DER.wrapped(0, DER.utf8String(text))))
    }

    private static func extensions(
        purposes: [[UInt32]]? = [Workshop.clientAuthentication], usage: [UInt8]? = [0], names: [AlternativeName]?
    ) throws -> [CertificateExtension] {
        var extensions = [CertificateExtension.basicConstraints(isCA: false)]
        if let usage { extensions.append(.keyUsage(usage)) }
        if let purposes { extensions.append(.extendedKeyUsage(purposes)) }
        if let names { extensions.append(.subjectAlternativeName(names)) }
        return extensions
    }

    private static func extensions(
        purposes: [[UInt32]]? = [Workshop.clientAuthentication], usage: [UInt8]? = [0]
    ) throws -> [CertificateExtension] {
        try extensions(purposes: purposes, usage: usage, names: [.xmppAddress("wx-7@onboarding.example")])
    }
}
