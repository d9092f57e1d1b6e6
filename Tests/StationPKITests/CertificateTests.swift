// SPDX-License-Identifier: Apache-2.0
import StationDigest
@testable import StationPKI
import Testing

@Suite struct `Certificates` {
    @Test func `what was issued is read back`() throws {
        let workshop = try Workshop()
        let certificate = try workshop.station()
        let again = try Certificate(pem: certificate.pem)
        #expect(again == certificate)
        #expect(again.der == certificate.der)
        #expect(try again.publicKey == workshop.stationKey.publicKey)
        #expect(refusal { _ = try Certificate(pem: Fixtures.rsa).publicKey } == .unsupportedKey)
        #expect(again.notBefore == Workshop.now)
        #expect(again.notAfter == Workshop.now + Workshop.year)
        #expect(again.xmppAddresses == ["wx-7@onboarding.example"])
        #expect(again.uris == ["urn:dev:ops:32473-WX-WX-7"])
        #expect(again.dnsNames.isEmpty)
        #expect(again.subjectSerialNumber == "WX-7")
        #expect(!again.isCA)
        #expect(again.subject == "CN=WX-7,serialNumber=WX-7")
        #expect(again.issuer == workshop.authority.certificate.subject)
        #expect(again.fingerprint == Hex.encode(Digest.sha256(certificate.der)))
        #expect(again.traits.version == 3)
        #expect(again.traits.extendedKeyUsages == ["1.3.6.1.5.5.7.3.2"])
        #expect(again.traits.allowsDigitalSignature == true)
        #expect(!again.traits.mayActAsCA)
    }

    @Test func `serial numbers are random, positive and of 16 octets`() throws {
        let workshop = try Workshop()
        let numbers = try (0..<50).map { _ in try workshop.station().serialNumber }
        #expect(Set(numbers).count == 50)
        for number in numbers {
            let octets = try #require(Hex.decode(number))
            #expect(octets.count == 16 && (0x40...0x7F).contains(octets[0]))
        }
    }

    @Test func `a CA is stored and taken up again`() throws {
        let workshop = try Workshop("Owner, \"CA\" + more")
        let authority = try CertificateAuthority(
            certificatePEM: workshop.authority.certificate.pem, keyPEM: workshop.authority.keyPEM)
        #expect(authority.certificate == workshop.authority.certificate)
        #expect(authority.certificate.isCA)
        #expect(authority.certificate.notBefore == Workshop.now - 3600)
        #expect(authority.certificate.notAfter == Workshop.now + 20 * Workshop.year)
        #expect(authority.certificate.subject == "CN=Owner\\, \\\"CA\\\" \\+ more,O=Capulet Instruments")
        let foreign = try P256PrivateKey()
        #expect(refusal {
            _ = try CertificateAuthority(certificatePEM: workshop.authority.certificate.pem, keyPEM: foreign.pem)
        } == .keyMismatch)
        let leaf = try workshop.station()
        #expect(refusal {
            _ = try CertificateAuthority(certificatePEM: leaf.pem, keyPEM: workshop.stationKey.pem)
        } == .certificateAuthority)
    }

    @Test func `a server's certificate has the names asked for`() throws {
        let workshop = try Workshop()
        let certificate = try workshop.authority.issueServer(
            key: workshop.stationKey, dnsNames: ["localhost", "onboarding.localhost"], xmppAddresses: ["localhost"],
            ipAddresses: ["127.0.0.1", "::1"], notBefore: Workshop.now, notAfter: Workshop.now + 1)
        #expect(certificate.dnsNames == ["localhost", "onboarding.localhost"])
        #expect(certificate.xmppAddresses == ["localhost"])
        #expect(certificate.traits.extendedKeyUsages == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])
        let long = String(repeating: "a.", count: 40) + "example"
        let other = try workshop.authority.issueServer(
            publicKey: workshop.stationKey.publicKey, dnsNames: [long], notBefore: Workshop.now, notAfter: Workshop.now)
        #expect(other.dnsNames == [long])
        #expect(other.subject == "CN=XMPP server")
    }

    @Test func `names go in as they are, whatever they hold`() throws {
        let workshop = try Workshop()
        for address in ["a,DNS:evil@example", "übung@例え.example", "x\\20y@example", "a/b=c@example", String(repeating: "x", count: 1000) + "@example"] {
            #expect(try workshop.station(addresses: [address]).xmppAddresses == [address])
        }
        for serial in ["WX_7.a-b", "a", String(repeating: "9", count: 64)] {
            #expect(try workshop.station(serial: serial).subjectSerialNumber == serial)
        }
    }

    @Test func `times from 1970 to 9999 are kept, others refused`() throws {
        let workshop = try Workshop()
        for (from, to) in [(0, 1), (2_524_607_999, 2_524_608_000), (Workshop.now, PKILimits.latestTime)] as [(Int64, Int64)] {
            let certificate = try workshop.station(from: from, to: to)
            #expect(certificate.notBefore == from && certificate.notAfter == to)
        }
        for (from, to) in [(-1, 1), (0, PKILimits.latestTime + 1), (.min, .max), (2, 1), (.max, .max)] as [(Int64, Int64)] {
            #expect(refusal { _ = try workshop.station(from: from, to: to) } == .invalidValue)
        }
    }

    @Test func `values that cannot be written are refused`() throws {
        let workshop = try Workshop()
        for serial in ["", "a\nb", "a\0b", String(repeating: "9", count: 65), "\u{85}"] {
            #expect(refusal { _ = try workshop.station(serial: serial) } == .invalidValue)
        }
        for address in ["", "a\0@example", "a\u{7F}@example", String(repeating: "x", count: 3072)] {
            #expect(refusal { _ = try workshop.station(addresses: [address]) } == .invalidValue)
        }
        let server = { (names: [String], addresses: [String]) in
            refusal {
                _ = try workshop.authority.issueServer(
                    key: workshop.stationKey, dnsNames: names, ipAddresses: addresses, notBefore: 0, notAfter: 1)
            }
        }
        #expect(server([], []) == .invalidValue)
        #expect(server(["bücher.example"], []) == .invalidValue)
        #expect(server(["a b"], []) == .invalidValue)
        #expect(server(["a"], ["300.1.1.1"]) == .invalidValue)
        #expect(server(["a"], ["1.2.3.4\0"]) == .invalidValue)
        #expect(server(["a"], ["::1"]) == nil)
        for years in [0, -1, 101, .max, .min] {
            #expect(refusal {
                _ = try CertificateAuthority.create(
                    commonName: "a", organization: "b", key: workshop.stationKey, validYears: years, now: 0)
            } == .invalidValue)
        }
        #expect(refusal {
            _ = try CertificateAuthority.create(
                commonName: "a", organization: "b", key: workshop.stationKey, validYears: 1, now: .max)
        } == .invalidValue)
    }

    @Test func `an extension twice is refused`() throws {
        let workshop = try Workshop()
        let names = CertificateExtension.subjectAlternativeName([try .xmppAddress("wx-7@onboarding.example")])
        #expect(refusal { _ = try workshop.odd([names]) } == nil)
        #expect(refusal { _ = try workshop.odd([names, names]) } == .malformed)
        // One that nobody looks at (nsComment, 78 in OpenSSL's count).
        let comment = CertificateExtension(identifier: 78, isCritical: false, der: DER.element(0x16, [0x61]))
        #expect(refusal { _ = try workshop.odd([names, comment]) } == nil)
        #expect(refusal { _ = try workshop.odd([names, comment, comment]) } == .malformed)
    }

    @Test func `octets after the end, and a second spelling, are refused`() throws {
        let der = try Workshop().station().der
        #expect(refusal { _ = try Certificate(der: der + [0]) } == .malformed)
        #expect(refusal { _ = try Certificate(der: Array(der.dropLast())) } == .malformed)
        #expect(refusal { _ = try Certificate(der: []) } == .malformed)
        // The outer length in one octet more than it needs: BER, not DER.
        #expect(der[1] == 0x82)
        #expect(refusal { _ = try Certificate(der: [0x30, 0x83, 0x00] + der.dropFirst(2)) } == .malformed)
        #expect(refusal { _ = try Certificate(der: [UInt8](repeating: 0x30, count: PKILimits.certificateBytes + 1)) } == .tooLarge)
    }
}

@Suite struct `Certificate signing requests` {
    @Test func `a request is read back with its key`() throws {
        let key = try P256PrivateKey()
        let request = try CertificateSigningRequest(key: key, commonName: "WX-7")
        #expect(try CertificateSigningRequest(der: request.der) == request)
        #expect(request.publicKey == key.publicKey)
        #expect(refusal { _ = try CertificateSigningRequest(key: key, commonName: "") } == .invalidValue)
    }

    @Test func `wishes in a request are not granted`() throws {
        let request = try CertificateSigningRequest(der: Self.der(Fixtures.wishfulRequest))
        let workshop = try Workshop()
        let certificate = try workshop.authority.issue(
            publicKey: request.publicKey, commonName: "WX-7", serialNumber: "WX-7", xmppAddresses: ["wx-7@stations.example"],
            uris: [], notBefore: Workshop.now, notAfter: Workshop.now + 1)
        #expect(certificate.subject == "CN=WX-7,serialNumber=WX-7")
        #expect(certificate.xmppAddresses == ["wx-7@stations.example"])
        #expect(certificate.dnsNames.isEmpty)
        #expect(!certificate.isCA)
        #expect(certificate.traits.extendedKeyUsages == ["1.3.6.1.5.5.7.3.2"])
        for word in ["admin", "evil", "root"] {
            let found = certificate.der.indices.contains { certificate.der[$0...].starts(with: Array(word.utf8)) }
            #expect(!found, "\(word)")
        }
    }

    @Test func `a request that its own key did not sign is refused`() throws {
        let der = try CertificateSigningRequest(key: P256PrivateKey(), commonName: "WX-7").der
        // The last octet belongs to s.
        var changed = der
        changed[changed.count - 1] ^= 1
        #expect(refusal { _ = try CertificateSigningRequest(der: changed) } == .invalidSignature)
        // Another key put in: the name is the same, the signature the old one.
        let point = try P256PrivateKey().publicKey.point
        let begin = try #require(der.indices.first { der[$0...].starts(with: [0x03, 0x42, 0x00, 0x04]) })
        changed = der
        changed.replaceSubrange((begin + 3)..<(begin + 3 + 65), with: point)
        #expect(refusal { _ = try CertificateSigningRequest(der: changed) } == .invalidSignature)
        // And a point that is none.
        changed = der
        changed[begin + 3 + 64] ^= 1
        #expect(refusal { _ = try CertificateSigningRequest(der: changed) } == .unsupportedKey)
    }

    @Test func `requests of other kinds are refused`() throws {
        #expect(refusal { _ = try CertificateSigningRequest(der: Self.der(Fixtures.p384Request)) } == .unsupportedKey)
        #expect(refusal { _ = try CertificateSigningRequest(der: Self.der(Fixtures.sha512Request)) } == .invalidSignature)
        let der = try CertificateSigningRequest(key: P256PrivateKey(), commonName: "WX-7").der
        #expect(refusal { _ = try CertificateSigningRequest(der: der + [0]) } == .malformed)
        #expect(refusal { _ = try CertificateSigningRequest(der: []) } == .malformed)
        let huge = [UInt8](repeating: 0, count: PKILimits.requestBytes + 1)
        #expect(refusal { _ = try CertificateSigningRequest(der: huge) } == .tooLarge)
    }

    private static func der(_ pem: String) throws -> [UInt8] {
        try #require(PEM.blocks(in: pem).first).der
    }
}
