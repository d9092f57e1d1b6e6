// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// The JSON form of a document that travels alone: its exact bytes and a list of signatures in roles. Whether the
/// signatures hold is not its business.
public struct EnvelopeDocument: PayloadKind {
    public static let name = "envelope"
    public static let summary = "A document that travels alone: the exact signed bytes and their signatures."
    public static let direction = PayloadDirection.document
    public static let travels = PayloadTravel.document
    public static let shape = JSONShape.object(
        [
            .init("type", WireShapes.identifier, "What the payload is, such as manifest; it is signed too."),
            .init("payload", WireShapes.bytes(0...32_768), "The exact bytes that are signed."),
            .init("signatures", .array(Signature.shape, count: 0...16), "The signatures, one for each key and role."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// One signature.
    public struct Signature: Hashable, Sendable {
        /// What the signer signs as, such as `release` or `director`.
        public var role: String
        /// The identifier of the signer's key: base64url of the SHA-256 of its point.
        public var key: String
        /// The algorithm; `ES256` is the only one.
        public var alg: String
        /// r and s, 64 bytes.
        public var signature: [UInt8]

        static let shape = JSONShape.object(
            [
                .init("role", WireShapes.identifier, "What the signer signs as."),
                .init("key", WireShapes.keyIdentifier, "SHA-256 of the signer's point."),
                .init("alg", .string(.words(["ES256"])), "The algorithm."),
                .init("signature", WireShapes.signature, "r and s."),
            ], additional: false)

        /// Makes a signature of its parts.
        public init(role: String, key: String, alg: String = "ES256", signature: [UInt8]) {
            self.role = role
            self.key = key
            self.alg = alg
            self.signature = signature
        }
    }

    /// What the payload is.
    public var type: String
    /// The exact bytes that are signed.
    public var payload: [UInt8]
    /// The signatures.
    public var signatures: [Signature]

    /// Makes an envelope of its parts.
    public init(type: String, payload: [UInt8], signatures: [Signature] = []) {
        self.type = type
        self.payload = payload
        self.signatures = signatures
    }

    public init(json: JSONValue) throws(JSONError) {
        // Envelopes are also read out of commands and files, so the shape is checked here as well.
        try Self.validator.validate(json)
        type = try json.text("type")
        payload = try json.bytes("payload")
        var list: [Signature] = []
        try json.require("signatures").forEachItem { (item) throws(JSONError) in
            list.append(
                Signature(
                    role: try item.text("role"), key: try item.text("key"), alg: try item.text("alg"),
                    signature: try item.bytes("signature")))
        }
        signatures = list
    }

    public var json: JSON {
        let list = signatures.map { one -> JSON in
            .object([
                .init("role", .string(one.role)), .init("key", .string(one.key)), .init("alg", .string(one.alg)),
                .init("signature", .bytes(one.signature)),
            ])
        }
        return .object([
            .init("type", .string(type)), .init("payload", .bytes(payload)), .init("signatures", .array(list)),
        ])
    }
}
