// SPDX-License-Identifier: Apache-2.0

/// A document that travels alone (manifest, assignment, receipt): bytes and a list of signatures in roles.
///
/// The exact bytes are signed, after `stationmaster:1:`, the type and a line feed, so that a receipt can never pass for a
/// manifest. The role is not signed: which keys hold it the verifier says.
public struct Envelope: Sendable, Hashable {
    /// One signature in a role.
    public struct Signature: Sendable, Hashable {
        /// What the signer signs as, such as `release` or `director`.
        public let role: String
        /// ``P256PublicKey/keyIdentifier`` of the signer.
        public let key: String
        /// Always `ES256` when made here; anything else counts for nothing.
        public let algorithm: String
        /// r and s, 32 octets each.
        public let signature: [UInt8]

        public init(role: String, key: String, algorithm: String = "ES256", signature: [UInt8]) {
            self.role = role
            self.key = key
            self.algorithm = algorithm
            self.signature = signature
        }
    }

    /// What the payload is: 1…64 characters out of a–z, 0–9 and hyphen, or no signature can be made or found good.
    public let type: String
    /// The signed bytes.
    public let payload: [UInt8]
    /// The signatures, in the order in which they were made.
    public private(set) var signatures: [Signature]

    /// - Parameter signatures: as received; none for a new envelope. They are judged by ``verify(role:keys:threshold:)``.
    public init(type: String, payload: [UInt8], signatures: [Signature] = []) {
        self.type = type
        self.payload = payload
        self.signatures = signatures
    }

    /// Adds a signature.
    ///
    /// - Throws: ``PKIError/Code/invalidValue`` for a type out of bounds, ``PKIError/Code/tooLarge`` if there are
    ///   ``PKILimits/envelopeSignatures`` already.
    public mutating func sign(role: String, with key: P256PrivateKey) throws(PKIError) {
        guard signatures.count < PKILimits.envelopeSignatures else {
            throw PKIError(.tooLarge, "the envelope has as many signatures as it may")
        }
        let signature = try key.sign(try SignedMessage.bytes(context: type, content: payload))
        signatures.append(Signature(role: role, key: key.publicKey.keyIdentifier, signature: signature))
    }

    /// Demands that `threshold` different keys out of `keys` signed in `role`. Signatures in other roles are not looked at.
    ///
    /// - Parameters:
    ///   - keys: the keys that hold the role; the same key twice counts once.
    ///   - threshold: at least 1; less counts as 1.
    /// - Throws: ``PKIError/Code/noSignature``, ``PKIError/Code/invalidSignature``, ``PKIError/Code/unknownKey``,
    ///   ``PKIError/Code/threshold``, ``PKIError/Code/tooLarge`` or ``PKIError/Code/invalidValue``.
    public func verify(role: String, keys: [P256PublicKey], threshold: Int = 1) throws(EnvelopeError) {
        guard signatures.count <= PKILimits.envelopeSignatures else {
            throw PKIError(.tooLarge, "the envelope has more than \(PKILimits.envelopeSignatures) signatures")
        }
        let message = try SignedMessage.bytes(context: type, content: payload)
        let holders = Dictionary(keys.map { ($0.keyIdentifier, $0) }, uniquingKeysWith: { first, _ in first })
        let offered = signatures.filter { $0.role == role }
        guard !offered.isEmpty else { throw PKIError(.noSignature, "nobody signed as \(Self.shown(role))") }
        var signers: Set<String> = []
        var isForged = false
        var isUnknown = false
        for one in offered {
            if let key = holders[one.key] {
                if one.algorithm == "ES256", key.verify(signature: one.signature, message: message) {
                    signers.insert(one.key)
                } else {
                    isForged = true
                }
            } else {
                isUnknown = true
            }
        }
        guard signers.count < max(threshold, 1) else { return }
        if isForged { throw PKIError(.invalidSignature, "a signature as \(Self.shown(role)) does not verify") }
        if isUnknown { throw PKIError(.unknownKey, "signed with a key that may not sign as \(Self.shown(role))") }
        throw PKIError(.threshold, "\(signers.count) of \(threshold) keys signed as \(Self.shown(role))")
    }

    private static func shown(_ role: String) -> String { isPlain(role) ? String(role.prefix(64)) : "this role" }
}
