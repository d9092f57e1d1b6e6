// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationModel
import StationPKI
import StationProtocol

/// An offer that has passed every check.
public struct VerifiedUpdate: Hashable, Sendable {
    /// What is to be installed.
    public let manifest: Manifest
    /// SHA-256 (hex) of the manifest's bytes.
    public let manifestHash: String
    /// The director's word for this station.
    public let assignment: Assignment
    /// When it may be installed: where the offer's window and the assignment's overlap.
    public let window: UpdateWindow
    /// Whether exactly this runs already.
    public let runsAlready: Bool
}

/// Checks an offer against what this station trusts and is. A pure function of its inputs; run when the offer comes, and
/// again before anything is installed.
public struct UpdateVerifier: Sendable {
    /// The station.
    public var serial: Serial
    /// Its hardware class.
    public var hardware: String
    /// Keys that may sign releases.
    public var releaseKeys: [P256PublicKey]
    /// The key that assigns.
    public var directorKey: P256PublicKey?
    /// What runs.
    public var firmware: InstalledFirmware
    /// The largest artifact, in bytes.
    public var artifactBytes: Int64
    /// Whether an address can be fetched.
    public var canFetch: @Sendable (String) -> Bool

    /// Makes a verifier.
    public init(
        serial: Serial, hardware: String, releaseKeys: [P256PublicKey], directorKey: P256PublicKey?,
        firmware: InstalledFirmware, artifactBytes: Int64 = 512 << 20,
        canFetch: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.serial = serial
        self.hardware = hardware
        self.releaseKeys = releaseKeys
        self.directorKey = directorKey
        self.firmware = firmware
        self.artifactBytes = artifactBytes
        self.canFetch = canFetch
    }

    /// Checks everything.
    /// - Parameter now: UTC seconds.
    public func verify(_ offer: Update, now: Int64) throws(UpdateRefusal) -> VerifiedUpdate {
        let manifestBytes = try signed(offer.manifest, "manifest", role: "release", keys: releaseKeys)
        let assignmentBytes = try signed(
            offer.assignment, "assignment", role: "director", keys: directorKey.map { [$0] } ?? [])
        let manifest: Manifest
        let assignment: Assignment
        do {
            manifest = try Manifest.decode(text: manifestBytes)
            assignment = try Assignment.decode(text: assignmentBytes)
        } catch {
            throw UpdateRefusal(.unreadable, "\(error)")
        }
        let hash = Hex.encode(Digest.sha256(manifestBytes))
        try check(assignment, manifest, hash, now: now)
        let runsAlready = try checkSequence(manifest, hash)
        let window = UpdateWindow(
            notBefore: Self.seconds(max(offer.notBefore, assignment.notBefore)),
            deadline: Self.seconds(min(offer.deadline, assignment.deadline)))
        guard runsAlready || (window.notBefore < window.deadline && now < window.deadline) else {
            throw UpdateRefusal(.windowOver)
        }
        for artifact in manifest.artifacts {
            guard artifact.size <= artifactBytes else {
                throw UpdateRefusal(.artifactTooLarge, "\(artifact.size) bytes, the limit is \(artifactBytes)")
            }
            guard artifact.uris.contains(where: canFetch) else {
                throw UpdateRefusal(.noArtifact, "none of its addresses can be fetched here")
            }
        }
        return VerifiedUpdate(
            manifest: manifest, manifestHash: hash, assignment: assignment, window: window, runsAlready: runsAlready)
    }

    private func signed(
        _ document: EnvelopeDocument, _ type: String, role: String, keys: [P256PublicKey]
    ) throws(UpdateRefusal) -> [UInt8] {
        guard document.type == type else { throw UpdateRefusal(.unreadable, "a \(type) was expected") }
        let envelope = Envelope(
            type: document.type, payload: document.payload,
            signatures: document.signatures.map {
                Envelope.Signature(role: $0.role, key: $0.key, algorithm: $0.alg, signature: $0.signature)
            })
        do throws(EnvelopeError) { try envelope.verify(role: role, keys: keys) } catch {
            throw UpdateRefusal(error.code == .invalidSignature ? .badSignature : .unknownKey, error.sentence)
        }
        return document.payload
    }

    private func check(
        _ assignment: Assignment, _ manifest: Manifest, _ hash: String, now: Int64
    ) throws(UpdateRefusal) {
        guard assignment.serial == serial else { throw UpdateRefusal(.otherStation) }
        guard assignment.manifest.lowercased() == hash else { throw UpdateRefusal(.otherManifest) }
        guard assignment.sequence == manifest.sequence else { throw UpdateRefusal(.otherSequence) }
        guard manifest.hardware.contains(hardware) else {
            throw UpdateRefusal(.wrongHardware, "this is \(hardware)")
        }
        guard Double(now) <= manifest.expires else { throw UpdateRefusal(.expiredManifest) }
        guard Double(now) <= assignment.expires else { throw UpdateRefusal(.expiredAssignment) }
    }

    private func checkSequence(_ manifest: Manifest, _ hash: String) throws(UpdateRefusal) -> Bool {
        guard manifest.sequence >= firmware.sequence else {
            throw UpdateRefusal(.lowerSequence, "\(firmware.sequence) runs")
        }
        if manifest.sequence == firmware.sequence {
            guard firmware.manifest == hash else { throw UpdateRefusal(.sameSequenceOtherHash) }
            return true
        }
        guard manifest.from?.contains(firmware.sequence) ?? true else {
            throw UpdateRefusal(.leap, "from \(firmware.sequence) is not allowed")
        }
        return false
    }

    /// Whole seconds of a time on the wire.
    static func seconds(_ value: Double) -> Int64 { Int64(exactly: value.rounded(.down)) ?? 0 }
}
