// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A consumer has taken all items of a feed up to and including this one.
public struct Ack: PayloadKind {
    public static let name = "ack"
    public static let summary = "A consumer has taken all items up to and including this one."
    public static let direction = PayloadDirection.consumerToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("subid", WireShapes.identifier, "The subscription."),
            .init("item", WireShapes.itemID, "The id of the last item taken."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The subscription.
    public var subid: String
    /// The id of the last item taken.
    public var item: String

    /// Makes the acknowledgement.
    public init(subid: String, item: String) {
        self.subid = subid
        self.item = item
    }

    public init(json: JSONValue) throws(JSONError) {
        subid = try json.text("subid")
        item = try json.text("item")
    }

    public var json: JSON { .object([.init("subid", .string(subid)), .init("item", .string(item))]) }
}
