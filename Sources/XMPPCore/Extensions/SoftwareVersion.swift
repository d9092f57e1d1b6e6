// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0092: Software Version. The domain answers for the component; a twin's firmware is known to
/// the core.
public struct SoftwareVersion: Feature, Hashable {
    public static let specifications = [Specification.xep(92, "1.1")]
    /// What is asked and answered.
    public static let payload = XMLName("query", Namespaces.version)

    /// The name of the software in plain words.
    public let name: String
    /// Its version.
    public let version: String
    /// The operating system; nil when it is not told.
    public let system: String?

    /// The version that is answered for the component.
    public init(name: String, version: String, system: String? = nil) {
        self.name = name
        self.version = version
        self.system = system
    }

    /// Reads an answer; nil when it is none.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.payload),
            let name = element.firstChild(Self.child("name")),
            let version = element.firstChild(Self.child("version"))
        else { return nil }
        self.init(
            name: name.text, version: version.text, system: element.firstChild(Self.child("os"))?.text)
    }

    public func register(on router: inout Router) {
        router.decide(.get, Self.payload) { [element] stanza, _ in
            stanza.isToDomain ? .result(element) : .core
        }
    }

    /// The answer.
    public var element: Element {
        var children = [Element(Self.child("name"), text: name), Element(Self.child("version"), text: version)]
        if let system { children.append(Element(Self.child("os"), text: system)) }
        return Element(Self.payload, elements: children)
    }

    private static func child(_ local: String) -> XMLName { XMLName(local, Namespaces.version) }
}
