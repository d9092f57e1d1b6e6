// SPDX-License-Identifier: Apache-2.0

/// Why an offer or an artifact is not taken: each cause has a word of its own, which is what the component is told.
public struct UpdateRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The causes.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Manifest or assignment is not readable.
        case unreadable
        /// No signature by a key that may sign releases, or that may assign them.
        case unknownKey = "unknown-key"
        /// Signed in the name of a known key, and the signature does not verify.
        case badSignature = "bad-signature"
        /// The assignment names another manifest than the one beside it.
        case otherManifest = "other-manifest"
        /// The assignment names another sequence than the manifest.
        case otherSequence = "other-sequence"
        /// The assignment is for another station.
        case otherStation = "other-station"
        /// The manifest is not for this hardware.
        case wrongHardware = "wrong-hardware"
        /// The manifest is of an older version than the one that runs.
        case lowerSequence = "lower-sequence"
        /// The manifest has the running version's sequence, and is another manifest.
        case sameSequenceOtherHash = "same-sequence-other-hash"
        /// The running version is not among the predecessors that the manifest allows.
        case leap
        /// The manifest has expired.
        case expiredManifest = "expired-manifest"
        /// The assignment has expired (a freeze).
        case expiredAssignment = "expired-assignment"
        /// The window is over, or ends before it begins.
        case windowOver = "window-over"
        /// No artifact that this station can fetch and install.
        case noArtifact = "no-artifact"
        /// The artifact is larger than this station takes.
        case artifactTooLarge = "artifact-too-large"
        /// The artifact has more bytes than the manifest says.
        case artifactTooLong = "artifact-too-long"
        /// The artifact has fewer bytes than the manifest says.
        case artifactTooShort = "artifact-too-short"
        /// The artifact has the right length and another hash.
        case artifactOtherHash = "artifact-other-hash"
        /// None of the artifact's addresses gives anything.
        case artifactUnreachable = "artifact-unreachable"
        /// Another update is under way.
        case busy
        /// This station has no install command.
        case noInstaller = "no-installer"
    }

    /// The cause.
    public let reason: Reason
    /// More for people; may be empty.
    public let detail: String

    /// Makes a refusal.
    public init(_ reason: Reason, _ detail: String = "") {
        self.reason = reason
        self.detail = detail
    }

    /// The word, and the detail if there is one.
    public var description: String { detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)" }
}
