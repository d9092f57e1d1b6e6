// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0202: Entity Time. The domain answers, always in UTC; a twin's own clock is not known here.
public struct EntityTime: Feature {
    public static let specifications = [Specification.xep(202, "2.0"), .xep(82, "1.1")]
    /// What is asked and answered.
    public static let payload = XMLName("time", Namespaces.time)

    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970-01-01T00:00:00Z; called on the network thread.
    public init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    public func register(on router: inout Router) {
        router.on(.get, Self.payload) { [now] stanza throws(StanzaError) in
            guard stanza.isToDomain else { throw StanzaError(.serviceUnavailable) }
            return Self.element(milliseconds: now())
        }
    }

    /// The answer for a time in milliseconds since 1970.
    public static func element(milliseconds: Int64) -> Element {
        Element(
            payload,
            elements: [
                Element(XMLName("tzo", Namespaces.time), text: "+00:00"),
                Element(XMLName("utc", Namespaces.time), text: DateTime.text(milliseconds: milliseconds)),
            ])
    }

    /// Milliseconds since 1970 of an answer; nil when it is none.
    public static func milliseconds(in element: XMLElement) -> Int64? {
        guard element.isNamed(payload) else { return nil }
        return element.firstChild(XMLName("utc", Namespaces.time)).flatMap { DateTime.milliseconds($0.text) }
    }
}
