// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// A unit confirms that it has stored its identity; from then on it may be introduced.
public struct Release: PayloadKind {
    public static let name = "release"
    public static let summary = "A unit confirms that it has stored its identity."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("serial", WireShapes.serial, "The serial number."),
            .init("certificate", WireShapes.hash, "SHA-256 of the unit's certificate in DER, in hexadecimal."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The serial number.
    public var serial: Serial
    /// SHA-256 of the unit's certificate in DER, in lowercase hexadecimal.
    public var certificate: String

    /// Makes the request.
    public init(serial: Serial, certificate: String) {
        self.serial = serial
        self.certificate = certificate
    }

    public init(json: JSONValue) throws(JSONError) {
        serial = try json.serial("serial")
        certificate = try json.text("certificate")
    }

    public var json: JSON {
        .object([.init("serial", .string(serial.description)), .init("certificate", .string(certificate))])
    }
}
