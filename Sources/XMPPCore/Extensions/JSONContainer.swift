// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream

/// XEP-0335: JSON Containers, as a feature and as the functions that read and make them.
public struct JSONContainer: Feature {
    public static let specifications = [Specification.xep(335, "0.1.1")]
    /// The container.
    public static let name = XMLName("json", Namespaces.json)

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.advertise(Namespaces.json)
    }

    /// A container around a JSON text, which must be valid and is written as it is.
    public static func element(_ text: String) -> Element {
        Element(name, text: text)
    }

    /// A container around a value.
    public static func element(_ json: JSON) -> Element {
        Element(name, text: json.text)
    }

    /// The one container inside a payload.
    ///
    /// - Throws: `bad-request` when there is none or more than one, or when an element of another
    ///   namespace calls itself `json`: which of two is meant must never be a question.
    public static func container(in payload: XMLElement) throws(StanzaError) -> XMLElement {
        var found: XMLElement?
        for child in payload.children {
            guard child.isNamed(name) else {
                guard child.localName != name.local else {
                    throw StanzaError(.badRequest, "<json/> is not in the namespace of XEP-0335")
                }
                continue
            }
            guard found == nil else { throw StanzaError(.badRequest, "more than one <json/>") }
            found = child
        }
        guard let found else { throw StanzaError(.badRequest, "no <json/>") }
        guard found.firstChild == nil else { throw StanzaError(.badRequest, "<json/> holds text alone") }
        return found
    }

    /// The JSON text in the one container inside a payload, validated.
    ///
    /// - Throws: `bad-request` with the place of the fault; `policy-violation` for a text that is
    ///   longer than the limit.
    public static func json(
        in payload: XMLElement, limits: JSONLimits = JSONLimits()
    ) throws(StanzaError) -> JSONDocument {
        let result = try container(in: payload).withText { bytes -> Result<JSONDocument, StanzaError> in
            guard bytes.count <= limits.bytes else {
                return .failure(StanzaError(.policyViolation, "the JSON text is longer than \(limits.bytes) bytes"))
            }
            do throws(JSONError) {
                return .success(try JSONDocument(bytes, limits: limits))
            } catch {
                return .failure(StanzaError(.badRequest, error.description))
            }
        }
        return try result.get()
    }
}
