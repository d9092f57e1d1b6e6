// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// The component has noted that a unit is released.
public struct Released: PayloadKind {
    public static let name = "released"
    public static let summary = "The component has noted that the unit is released."
    public static let direction = PayloadDirection.componentToStation
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [.init("serial", WireShapes.serial, "The serial number.")], additional: false)
    public static let validator = JSONValidator(shape)

    /// The serial number.
    public var serial: Serial

    /// Makes the answer.
    public init(serial: Serial) { self.serial = serial }

    public init(json: JSONValue) throws(JSONError) { serial = try json.serial("serial") }

    public var json: JSON { .object([.init("serial", .string(serial.description))]) }
}
