// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// The component asks for a proof of the private key (UC007-1 step 6, UC007-2 step 3).
public struct ChallengePayload: PayloadKind {
    public static let name = "challenge"
    public static let summary = "The component asks for a proof of possession of the private key."
    public static let direction = PayloadDirection.componentToStation
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [
            .init("message", WireShapes.message, "The exact bytes to sign."),
            .init("expires", WireShapes.time, "UTC seconds after which the challenge is void."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The exact bytes to sign.
    public var message: [UInt8]
    /// UTC seconds.
    public var expires: Double

    /// Makes the challenge.
    public init(message: [UInt8], expires: Double) {
        self.message = message
        self.expires = expires
    }

    public init(json: JSONValue) throws(JSONError) {
        message = try json.bytes("message")
        expires = try json.number("expires")
    }

    public var json: JSON {
        .object([.init("message", .bytes(message)), .init("expires", .number(expires))])
    }
}
