// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// The identity of a unit (UC007-1, step 7).
public struct Engraved: PayloadKind {
    public static let name = "engraved"
    public static let summary = "The unit's identity: its certificate, the maker's, and a receipt."
    public static let direction = PayloadDirection.componentToStation
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [
            .init("serial", WireShapes.serial, "The serial number as it was engraved."),
            .init("certificates", WireShapes.chain(1...8), "DER certificates, the unit's own first."),
            .init("receipt", EnvelopeDocument.shape, "An envelope of type engraving-receipt."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The serial number.
    public var serial: Serial
    /// DER, the unit's own first.
    public var certificates: [[UInt8]]
    /// An envelope of type `engraving-receipt`.
    public var receipt: EnvelopeDocument

    /// Makes the answer.
    public init(serial: Serial, certificates: [[UInt8]], receipt: EnvelopeDocument) {
        self.serial = serial
        self.certificates = certificates
        self.receipt = receipt
    }

    public init(json: JSONValue) throws(JSONError) {
        serial = try json.serial("serial")
        certificates = try json.listOfBytes("certificates")
        receipt = try EnvelopeDocument(json: json.require("receipt"))
    }

    public var json: JSON {
        .object([
            .init("serial", .string(serial.description)), .init("certificates", .listOfBytes(certificates)),
            .init("receipt", receipt.json),
        ])
    }
}
