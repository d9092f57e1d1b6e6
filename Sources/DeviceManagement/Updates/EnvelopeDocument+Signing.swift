// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationPKI
import StationProtocol

extension EnvelopeDocument {
    /// A document with one signature, over the exact bytes of the JSON text.
    public static func signed(
        type: String, payload: JSON, role: String, with key: P256PrivateKey
    ) throws(PKIError) -> EnvelopeDocument {
        var envelope = Envelope(type: type, payload: payload.serialized())
        try envelope.sign(role: role, with: key)
        return EnvelopeDocument(
            type: type, payload: envelope.payload,
            signatures: envelope.signatures.map {
                Signature(role: $0.role, key: $0.key, alg: $0.algorithm, signature: $0.signature)
            })
    }

    /// The same document as the key module checks it.
    public var envelope: Envelope {
        Envelope(
            type: type, payload: payload,
            signatures: signatures.map {
                Envelope.Signature(role: $0.role, key: $0.key, algorithm: $0.alg, signature: $0.signature)
            })
    }
}
