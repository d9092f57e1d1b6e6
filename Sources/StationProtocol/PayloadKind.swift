// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream
import XMPPCore

/// Who sends a payload to whom.
public enum PayloadDirection: String, Hashable, Sendable {
    /// From a station, or from a unit in the factory.
    case stationToComponent
    /// To a station.
    case componentToStation
    /// From an information service or a person.
    case consumerToComponent
    /// To an information service or a person.
    case componentToConsumer
    /// It stands inside another payload or in a file.
    case document
}

/// Where a payload may travel.
public struct PayloadTravel: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Made of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// In an IQ of type set.
    public static let request = PayloadTravel(rawValue: 1)
    /// In an IQ of type result.
    public static let answer = PayloadTravel(rawValue: 2)
    /// In a message or an item of XEP-0060.
    public static let item = PayloadTravel(rawValue: 4)
    /// In another payload, or in a file.
    public static let document = PayloadTravel(rawValue: 8)
}

/// One kind of payload: its name on the wire, its shape and its value.
///
/// A kind is one file in `Kinds/`, one line in ``Payload/registry``, and a folder of examples. Its JSON Schema is written
/// from ``shape``.
public protocol PayloadKind: Hashable, Sendable {
    /// The element's name, in the namespace `urn:stationmaster:1`.
    static var name: String { get }
    /// A sentence for the schema.
    static var summary: String { get }
    /// What its JSON must look like.
    static var shape: JSONShape { get }
    /// ``shape``, made ready once.
    static var validator: JSONValidator { get }
    /// Who sends it.
    static var direction: PayloadDirection { get }
    /// Where it may travel.
    static var travels: PayloadTravel { get }
    /// Reads a value that fits ``shape``.
    ///
    /// - Throws: `JSONError` for what the shape cannot tell, such as an address that cannot be prepared.
    init(json: JSONValue) throws(JSONError)
    /// The JSON form, which fits ``shape``.
    var json: JSON { get }
}

extension PayloadKind {
    /// The qualified name of the element.
    public static var xmlName: XMLName { XMLName(name, Namespaces.stationmaster) }

    /// Checks a value against the shape and reads it.
    ///
    /// - Throws: `JSONError` with the JSON Pointer of what does not fit.
    public static func decode(_ value: JSONValue) throws(JSONError) -> Self {
        try validator.validate(value)
        return try Self(json: value)
    }

    /// Reads a JSON text.
    ///
    /// - Throws: `JSONError` with the JSON Pointer of what does not fit.
    public static func decode(text: String) throws(JSONError) -> Self { try decode(JSONDocument(text).root) }

    /// Reads a JSON text.
    ///
    /// - Throws: `JSONError` with the JSON Pointer of what does not fit.
    public static func decode(text: [UInt8]) throws(JSONError) -> Self { try decode(JSONDocument(text).root) }

    /// Reads the one `<json/>` of an element of this kind.
    ///
    /// - Throws: `bad-request` with the JSON Pointer in its text, `policy-violation` for a text that is too long.
    public static func decode(_ element: XMLElement) throws(StanzaError) -> Self {
        guard element.isNamed(xmlName) else { throw StanzaError(.badRequest, "<\(name)/> was expected") }
        let document = try JSONContainer.json(in: element)
        do throws(JSONError) {
            return try decode(document.root)
        } catch {
            throw StanzaError(.badRequest, error.description)
        }
    }

    /// The element: `<name xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>…</json></name>`.
    public var element: Element { Payload.element(Self.xmlName, text: json.text) }

    /// Reads a JSON text; the same as ``decode(text:)-(String)``, as an initialiser.
    ///
    /// - Throws: `JSONError` with the JSON Pointer of what does not fit.
    public init(text: String) throws(JSONError) { self = try Self.decode(text: text) }
}
