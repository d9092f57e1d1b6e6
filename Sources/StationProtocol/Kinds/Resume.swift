// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A consumer takes up a feed, at the full JID that sends this.
public struct Resume: PayloadKind {
    public static let name = "resume"
    public static let summary = "A consumer takes up a feed from its cursor."
    public static let direction = PayloadDirection.consumerToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("subid", WireShapes.identifier, "The subscription."),
            .init("window", .integer(1...1000), required: false, "How many items may be unacknowledged."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The subscription.
    public var subid: String
    /// How many items may be unacknowledged, 1…1000; nil keeps what the subscription says.
    public var window: Int64?

    /// Makes the request.
    public init(subid: String, window: Int64? = nil) {
        self.subid = subid
        self.window = window
    }

    public init(json: JSONValue) throws(JSONError) {
        subid = try json.text("subid")
        window = try json["window"]?.requireInt64()
    }

    public var json: JSON { .object(["subid": .string(subid), "window": window.map { .integer($0) }]) }
}
