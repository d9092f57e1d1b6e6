// SPDX-License-Identifier: Apache-2.0
import StationProtocol
import XMLStream
import XMPPCore

/// What the component says of items that do not come.
public enum DeliveryNotice: Hashable, Sendable {
    /// Retention has given up reports that a feed had before it: those between the two items, or all before `before`.
    case gap(after: String?, before: String)
    /// A live subscriber was too slow and has lost so many headlines.
    case dropped(count: Int64, node: String)
    /// An item was set aside, since the server closed the stream over it.
    case quarantined(item: String, node: String)

    /// Reads the notice of a message; nil if it holds none.
    static func read(_ stanza: Stanza) -> DeliveryNotice? {
        guard stanza.kind == .message, !stanza.isError, let payload = stanza.payload else { return nil }
        func isNamed(_ name: String) -> Bool { payload.isNamed(XMLName(name, Namespaces.stationmaster)) }
        if isNamed("gap"), let before = payload.attribute("before") {
            return .gap(after: payload.attribute("after"), before: before)
        }
        if isNamed("dropped"), let count = payload.attribute("count").flatMap({ Int64($0) }) {
            return .dropped(count: count, node: payload.attribute("node") ?? "")
        }
        if isNamed("quarantined"), let item = payload.attribute("item") {
            return .quarantined(item: item, node: payload.attribute("node") ?? "")
        }
        return nil
    }
}
