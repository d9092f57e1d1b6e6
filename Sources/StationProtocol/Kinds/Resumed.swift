// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A feed flows again.
public struct Resumed: PayloadKind {
    public static let name = "resumed"
    public static let summary = "The feed flows again, from here."
    public static let direction = PayloadDirection.componentToConsumer
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [
            .init("subid", WireShapes.identifier, "The subscription."),
            .init("position", .string(.pattern(.itemIDOrEmpty)), "The last acknowledged item; empty if there is none."),
            .init("pending", WireShapes.sequence, "How many items wait."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The subscription.
    public var subid: String
    /// The id of the last acknowledged item, or empty.
    public var position: String
    /// How many items wait.
    public var pending: Int64

    /// Makes the answer.
    public init(subid: String, position: String, pending: Int64) {
        self.subid = subid
        self.position = position
        self.pending = pending
    }

    public init(json: JSONValue) throws(JSONError) {
        subid = try json.text("subid")
        position = try json.text("position")
        pending = try json.integer("pending")
    }

    public var json: JSON {
        .object([
            .init("subid", .string(subid)), .init("position", .string(position)), .init("pending", .integer(pending)),
        ])
    }
}
