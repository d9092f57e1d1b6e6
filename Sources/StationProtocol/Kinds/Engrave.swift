// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// A unit in the factory asks for its identity (UC007-1, step 5).
public struct Engrave: PayloadKind {
    public static let name = "engrave"
    public static let summary = "A unit in the factory asks for its identity."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("serial", WireShapes.serial, "The serial number to engrave."),
            .init("model", WireShapes.identifier, "The model; it becomes part of the device URN."),
            .init("hardware", WireShapes.identifier, "The hardware class that manifests name."),
            .init("publicKey", WireShapes.point, "The unit's P-256 key as an uncompressed point."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The serial number.
    public var serial: Serial
    /// The model.
    public var model: String
    /// The hardware class.
    public var hardware: String
    /// The uncompressed point of the unit's P-256 key, 65 bytes; whether it lies on the curve is checked elsewhere.
    public var publicKey: [UInt8]

    /// Makes the request.
    public init(serial: Serial, model: String, hardware: String, publicKey: [UInt8]) {
        self.serial = serial
        self.model = model
        self.hardware = hardware
        self.publicKey = publicKey
    }

    public init(json: JSONValue) throws(JSONError) {
        serial = try json.serial("serial")
        model = try json.text("model")
        hardware = try json.text("hardware")
        publicKey = try json.bytes("publicKey")
    }

    public var json: JSON {
        .object([
            .init("serial", .string(serial.description)), .init("model", .string(model)),
            .init("hardware", .string(hardware)), .init("publicKey", .bytes(publicKey)),
        ])
    }
}
