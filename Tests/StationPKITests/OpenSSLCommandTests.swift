// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationPKI
import Testing

/// The `openssl` command, a second reader of what we write.
private enum OpenSSLCommand {
    static let path = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// - Returns: exit status, and what was written to either output.
    static func run(_ arguments: [String], in directory: URL) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

@Suite(.enabled(if: OpenSSLCommand.path != nil, "the openssl command is not installed"))
struct `The openssl command agrees` {
    private func withDirectory(_ files: [String: String], _ body: (URL) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("station-pki-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
        try body(directory)
    }

    @Test func `it verifies the chain and shows the XMPP address`() throws {
        let workshop = try Workshop()
        let stranger = try Workshop("Stranger").authority.certificate
        let files = [
            "ca.pem": workshop.authority.certificate.pem, "leaf.pem": try workshop.station(serial: "WX_7").pem,
            "stranger.pem": stranger.pem,
        ]
        try withDirectory(files) { directory in
            let strict = ["verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslclient", "-attime", "\(Workshop.now + 60)"]
            let good = try OpenSSLCommand.run(strict + ["-CAfile", "ca.pem", "leaf.pem"], in: directory)
            #expect(good.status == 0 && good.output.contains("leaf.pem: OK"), "\(good.output)")
            let root = try OpenSSLCommand.run(strict + ["-purpose", "any", "-CAfile", "ca.pem", "ca.pem"], in: directory)
            #expect(root.status == 0, "\(root.output)")
            #expect(try OpenSSLCommand.run(strict + ["-CAfile", "stranger.pem", "leaf.pem"], in: directory).status != 0)
            let text = try OpenSSLCommand.run(["x509", "-in", "leaf.pem", "-noout", "-text"], in: directory).output
            for part in [
                "Version: 3 (0x2)", "CA:FALSE", "TLS Web Client Authentication", "XmppAddr", "wx-7@onboarding.example",
                "URI:urn:dev:ops:32473-WX-WX-7", "serialNumber = WX_7", "Digital Signature", "prime256v1",
                "X509v3 Authority Key Identifier", "ecdsa-with-SHA256",
            ] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
        }
    }

    @Test func `it verifies a server's certificate for its names`() throws {
        let workshop = try Workshop()
        let server = try workshop.authority.issueServer(
            key: workshop.stationKey, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"], notBefore: Workshop.now,
            notAfter: Workshop.now + 100)
        try withDirectory(["ca.pem": workshop.authority.certificate.pem, "leaf.pem": server.pem]) { directory in
            let strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-attime", "\(Workshop.now + 60)", "-CAfile", "ca.pem"]
            for name in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]] {
                let result = try OpenSSLCommand.run(strict + name + ["leaf.pem"], in: directory)
                #expect(result.status == 0, "\(result.output)")
            }
            #expect(try OpenSSLCommand.run(strict + ["-verify_hostname", "example.com", "leaf.pem"], in: directory).status != 0)
        }
    }

    @Test func `it reads keys and requests`() throws {
        let key = try P256PrivateKey()
        let request = try CertificateSigningRequest(key: key, commonName: "WX-7")
        try withDirectory(["key.pem": key.pem]) { directory in
            try Data(request.der).write(to: directory.appendingPathComponent("csr.der"))
            let read = try OpenSSLCommand.run(["pkey", "-in", "key.pem", "-noout", "-text"], in: directory)
            #expect(read.status == 0 && read.output.contains("prime256v1"))
            let verified = try OpenSSLCommand.run(["req", "-inform", "DER", "-in", "csr.der", "-noout", "-verify"], in: directory)
            #expect(verified.status == 0 && verified.output.contains("verify OK"), "\(verified.output)")
        }
    }

    @Test func `it reads the revocation list and refuses who is on it`() throws {
        let workshop = try Workshop()
        let revoked = try workshop.station()
        let other = try workshop.station()
        let list = [(revoked.serialNumber, Workshop.now + 10), (revoked.serialNumber, Workshop.now + 20), ("00ff", Workshop.now)]
            .map { (serialNumber: $0.0, at: $0.1) }
        let crl = try workshop.authority.crlPEM(revoked: list, number: 4711, now: Workshop.now, nextUpdate: Workshop.now + 86_400)
        let files = [
            "ca.pem": workshop.authority.certificate.pem, "revoked.pem": revoked.pem, "other.pem": other.pem, "crl.pem": crl,
        ]
        try withDirectory(files) { directory in
            let text = try OpenSSLCommand.run(["crl", "-in", "crl.pem", "-noout", "-text", "-CAfile", "ca.pem"], in: directory).output
            for part in ["verify OK", "Version 2", "4711", revoked.serialNumber.uppercased(), "Serial Number: FF", "Authority Key Identifier"] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
            #expect(text.components(separatedBy: revoked.serialNumber.uppercased()).count == 2)
            let check = ["verify", "-crl_check", "-attime", "\(Workshop.now + 60)", "-CAfile", "ca.pem", "-CRLfile", "crl.pem"]
            #expect(try OpenSSLCommand.run(check + ["other.pem"], in: directory).status == 0)
            let refused = try OpenSSLCommand.run(check + ["revoked.pem"], in: directory)
            #expect(refused.status != 0 && refused.output.contains("certificate revoked"))
        }
    }
}

@Suite struct `Revocation lists` {
    @Test func `what cannot be written is refused`() throws {
        let authority = try Workshop().authority
        func reason(_ serial: String, at: Int64 = 5, number: Int64 = 1, now: Int64 = 5, next: Int64 = 6) -> PKIError.Code? {
            refusal { _ = try authority.crl(revoked: [(serial, at)], number: number, now: now, nextUpdate: next) }
        }
        #expect(reason("01") == nil)
        for serial in ["", "0", "xy", "00", "-05", String(repeating: "11", count: 21)] { #expect(reason(serial) == .invalidValue) }
        #expect(reason("01", at: -1) == .invalidValue)
        #expect(reason("01", at: .max) == .invalidValue)
        #expect(reason("01", number: -1) == .invalidValue)
        #expect(reason("01", now: 6) == .invalidValue)
        #expect(reason("01", now: .min, next: .max) == .invalidValue)
        #expect(refusal { _ = try authority.crl(revoked: [], number: 0, now: 5, nextUpdate: 6) } == nil)
    }

    @Test func `ten thousand revocations are one list`() throws {
        let authority = try Workshop().authority
        let revoked = (1...10_000).map { (serialNumber: "40" + String(10_000_000 + $0), at: Workshop.now) }
        let list = try authority.crl(revoked: revoked, number: 1, now: Workshop.now, nextUpdate: Workshop.now + 1)
        #expect(list.count > 10_000 * 20)
    }
}
