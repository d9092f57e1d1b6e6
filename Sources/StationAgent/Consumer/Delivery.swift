// SPDX-License-Identifier: Apache-2.0
import StationJSON
import XMLStream
import XMPPCore

/// One report as an information service receives it.
public struct Delivery: Hashable, Sendable {
    /// The item's id, `E-P`: the same again if the item comes again.
    public let item: String
    /// The node it came by.
    public let node: String
    /// The station's bare address.
    public let station: JID
    /// The station's own number for the report.
    public let seq: Int64
    /// The report as it was sent: the JSON text, byte for byte.
    public let text: String
    /// Whether the station said that reports before this one are lost.
    public let gap: Bool
    /// Whether a report with a higher number had been stored before it.
    public let isLate: Bool

    /// Reads the items of one event message (XEP-0060 §7.1.2.1); what is none is left out.
    static func read(_ message: Stanza) -> [Delivery] {
        guard message.kind == .message, message.type != "error",
            let event = message.element.firstChild(XMLName("event", Namespaces.pubsubEvent)),
            let items = event.firstChild(XMLName("items", Namespaces.pubsubEvent)),
            let node = items.attribute("node")
        else { return [] }
        var deliveries: [Delivery] = []
        for item in items.children where item.isNamed(XMLName("item", Namespaces.pubsubEvent)) {
            guard let id = item.attribute("id"), let publisher = item.attribute("publisher"),
                let station = try? JID(publisher),
                let report = item.firstChild(XMLName("report", Namespaces.stationmaster)),
                let document = try? JSONContainer.json(in: report), let seq = document.root["seq"]?.int64
            else { continue }
            deliveries.append(
                Delivery(
                    item: id, node: node, station: station.bare, seq: seq,
                    text: String(decoding: document.bytes, as: UTF8.self),
                    gap: document.root["gap"]?.bool ?? false, isLate: report.attribute("late") == "true"))
        }
        return deliveries
    }
}
