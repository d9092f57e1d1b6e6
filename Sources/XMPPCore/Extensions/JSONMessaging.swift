// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream

/// XEP-0432: Simple JSON Messaging. A message may carry a kind as `<payload datatype='…'>` where a
/// stack knows no elements of ours.
public struct JSONMessaging: Feature {
    public static let specifications = [Specification.xep(432, "0.1.1")]
    /// The child of a message.
    public static let name = XMLName("payload", Namespaces.jsonMessaging)

    private let datatypes: [String]

    /// - Parameter datatypes: the URIs of what is understood, such as `urn:stationmaster:1#report`.
    public init(datatypes: [String]) {
        self.datatypes = datatypes
    }

    public func register(on router: inout Router) {
        router.forwardMessages(Self.name)
        for datatype in datatypes { router.advertise("\(Namespaces.jsonMessaging)#\(datatype)") }
    }

    /// The datatype of a kind of ours: its namespace and its name.
    public static func datatype(of kind: XMLName) -> String { "\(kind.namespace)#\(kind.local)" }

    /// The kind of ours that a payload carries; nil for a datatype of others.
    public static func kind(of payload: XMLElement) -> XMLName? {
        let prefix = Namespaces.stationmaster + "#"
        guard payload.isNamed(name), let datatype = payload.attribute("datatype"), datatype.hasPrefix(prefix),
            datatype.utf8.count > prefix.utf8.count
        else { return nil }
        return XMLName(String(datatype.dropFirst(prefix.count)), Namespaces.stationmaster)
    }

    /// The child of a message that carries a value of a datatype.
    public static func element(datatype: String, _ json: JSON) -> Element {
        Element(name, ["datatype": datatype], elements: [JSONContainer.element(json)])
    }

    /// Reads a payload of a message.
    ///
    /// - Throws: `bad-request` for a missing datatype and for what ``JSONContainer`` refuses.
    public static func read(
        _ payload: XMLElement, limits: JSONLimits = JSONLimits()
    ) throws(StanzaError) -> (datatype: String, json: JSONDocument) {
        guard payload.isNamed(name), let datatype = payload.attribute("datatype"), !datatype.isEmpty else {
            throw StanzaError(.badRequest, "a JSON payload needs a datatype")
        }
        return (datatype, try JSONContainer.json(in: payload, limits: limits))
    }
}
