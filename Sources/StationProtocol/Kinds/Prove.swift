// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// The answer to a challenge: a signature, and at introduction a request for the operational certificate.
public struct Prove: PayloadKind {
    public static let name = "prove"
    public static let summary = "A station answers a challenge; at its introduction it also asks for a certificate."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("message", WireShapes.message, "The message of the challenge, byte for byte."),
            .init("signature", WireShapes.signature, "ES256 over the message: r and s."),
            .init("csr", WireShapes.der, required: false, "A PKCS #10 request in DER, for introduction only."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The message of the challenge.
    public var message: [UInt8]
    /// ES256 over it, 64 bytes.
    public var signature: [UInt8]
    /// A PKCS #10 request in DER; nil when engraving.
    public var csr: [UInt8]?

    /// Makes the answer.
    public init(message: [UInt8], signature: [UInt8], csr: [UInt8]? = nil) {
        self.message = message
        self.signature = signature
        self.csr = csr
    }

    public init(json: JSONValue) throws(JSONError) {
        message = try json.bytes("message")
        signature = try json.bytes("signature")
        csr = try json["csr"]?.bytes()
    }

    public var json: JSON {
        .object(["message": .bytes(message), "signature": .bytes(signature), "csr": csr.map { .bytes($0) }])
    }
}
