// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// The director sends one manifest to one station: the payload of an envelope of type `assignment`.
public struct Assignment: PayloadKind {
    public static let name = "assignment"
    public static let summary = "The director sends one manifest to one station."
    public static let direction = PayloadDirection.document
    public static let travels = PayloadTravel.document
    public static let shape = JSONShape.object(
        [
            .init("manifest", WireShapes.hash, "SHA-256 of the manifest's signed bytes."),
            .init("serial", WireShapes.serial, "The one station that it is for."),
            .init("sequence", WireShapes.sequence, "The sequence of the manifest."),
            .init("notBefore", WireShapes.time, "UTC seconds of the earliest installation."),
            .init("deadline", WireShapes.time, "UTC seconds of the latest installation."),
            .init("nonce", WireShapes.nonce, "Given back when the update is completed."),
            .init("expires", WireShapes.time, "UTC seconds after which it is void."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// SHA-256 of the manifest's signed bytes, in lowercase hexadecimal.
    public var manifest: String
    /// The one station that it is for.
    public var serial: Serial
    /// The sequence of the manifest.
    public var sequence: Int64
    /// UTC seconds of the earliest installation.
    public var notBefore: Double
    /// UTC seconds of the latest installation.
    public var deadline: Double
    /// 16 bytes that are given back when the update is completed.
    public var nonce: [UInt8]
    /// UTC seconds after which it is void.
    public var expires: Double

    /// Makes an assignment.
    public init(
        manifest: String, serial: Serial, sequence: Int64, notBefore: Double, deadline: Double, nonce: [UInt8],
        expires: Double
    ) {
        self.manifest = manifest
        self.serial = serial
        self.sequence = sequence
        self.notBefore = notBefore
        self.deadline = deadline
        self.nonce = nonce
        self.expires = expires
    }

    public init(json: JSONValue) throws(JSONError) {
        manifest = try json.text("manifest")
        serial = try json.serial("serial")
        sequence = try json.integer("sequence")
        notBefore = try json.number("notBefore")
        deadline = try json.number("deadline")
        nonce = try json.bytes("nonce")
        expires = try json.number("expires")
    }

    public var json: JSON {
        .object([
            .init("manifest", .string(manifest)), .init("serial", .string(serial.description)),
            .init("sequence", .integer(sequence)), .init("notBefore", .number(notBefore)),
            .init("deadline", .number(deadline)), .init("nonce", .bytes(nonce)), .init("expires", .number(expires)),
        ])
    }
}
