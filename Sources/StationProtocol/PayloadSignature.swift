// SPDX-License-Identifier: Apache-2.0

import StationDigest
import StationJSON
import XMLStream
import XMPPCore

/// The signature beside a `<json/>`: over a context and the exact UTF-8 text of it.
///
/// `<signature xmlns='urn:stationmaster:1' alg='ES256' key='…'>base64url</signature>`
public struct PayloadSignature: Hashable, Sendable {
    /// The name of the element.
    public static let name = XMLName("signature", Namespaces.stationmaster)
    private static let keyIdentifier = StringPattern.base64url(bytes: 32...32)

    /// The algorithm; `ES256` is the only one.
    public let algorithm: String
    /// The identifier of the signer's key: base64url of the SHA-256 of its point.
    public let key: String
    /// r and s, 64 bytes.
    public let bytes: [UInt8]

    /// A signature that was made.
    public init(algorithm: String = "ES256", key: String, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.key = key
        self.bytes = bytes
    }

    /// The one signature inside an element of a kind; nil if there is none, more than one, or one of another form.
    public init?(in element: XMLElement) {
        var found: XMLElement?
        for child in element.children where child.isNamed(Self.name) {
            guard found == nil else { return nil }
            found = child
        }
        guard let found, found.attribute("alg") == "ES256", let key = found.attribute("key"),
            Self.keyIdentifier.matches(key), let bytes = Base64URL.decode(found.text), bytes.count == 64
        else { return nil }
        self.init(key: key, bytes: bytes)
    }

    /// The element.
    public var element: Element {
        Element(Self.name, ["alg": algorithm, "key": key], text: Base64URL.encode(bytes))
    }
}
