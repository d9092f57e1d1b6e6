// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationModel
import StationPKI
import StationProtocol

@testable import StationAgent

/// Signed offers for `WX-1`, hardware `rev-b`, running sequence 5.
struct UpdateFixture {
    let release: P256PrivateKey
    let director: P256PrivateKey
    var manifest: Manifest
    var assignment: Assignment
    var job = "job-1"
    /// The keys that really sign.
    var releaseSigner: P256PrivateKey
    var directorSigner: P256PrivateKey
    /// The assignment's hash follows the manifest unless this is set.
    var keepsHash = false

    static let now: Int64 = HandMadeComponent.now
    static let artifact = Array("new firmware".utf8)

    init(
        release: P256PrivateKey? = nil, director: P256PrivateKey? = nil, uri: String = "https://example.org/fw"
    ) throws {
        self.release = try release ?? P256PrivateKey()
        self.director = try director ?? P256PrivateKey()
        releaseSigner = self.release
        directorSigner = self.director
        let now = Double(Self.now)
        manifest = Manifest(
            id: "fw-6", sequence: 6, vendor: "Maker", hardware: ["rev-a", "rev-b"], version: "2.0.0", from: nil,
            expires: now + 86_400,
            artifacts: [
                Manifest.Artifact(
                    size: Int64(Self.artifact.count), sha256: Hex.encode(Digest.sha256(Self.artifact)), uris: [uri],
                    format: "raw")
            ])
        assignment = Assignment(
            manifest: "", serial: try Serial("wx-1"), sequence: 6, notBefore: now - 60, deadline: now + 7200,
            nonce: [UInt8](repeating: 3, count: 16), expires: now + 3600)
    }

    func offer() throws -> Update {
        let bytes = manifest.json.serialized()
        var assignment = assignment
        if !keepsHash { assignment.manifest = Hex.encode(Digest.sha256(bytes)) }
        return Update(
            job: job, manifest: try Self.envelope("manifest", bytes, "release", releaseSigner),
            assignment: try Self.envelope("assignment", assignment.json.serialized(), "director", directorSigner),
            notBefore: Double(Self.now - 60), deadline: Double(Self.now + 7200))
    }

    static func envelope(
        _ type: String, _ payload: [UInt8], _ role: String, _ key: P256PrivateKey
    ) throws -> EnvelopeDocument {
        var envelope = Envelope(type: type, payload: payload)
        try envelope.sign(role: role, with: key)
        return EnvelopeDocument(
            type: type, payload: payload,
            signatures: envelope.signatures.map {
                EnvelopeDocument.Signature(role: $0.role, key: $0.key, signature: $0.signature)
            })
    }

    var manifestHash: String { Hex.encode(Digest.sha256(manifest.json.serialized())) }

    func verifier(sequence: Int64 = 5, manifest: String? = nil) throws -> UpdateVerifier {
        UpdateVerifier(
            serial: try Serial("WX-1"), hardware: "rev-b", releaseKeys: [release.publicKey],
            directorKey: director.publicKey,
            firmware: InstalledFirmware(version: "1.0.0", sequence: sequence, manifest: manifest))
    }
}
