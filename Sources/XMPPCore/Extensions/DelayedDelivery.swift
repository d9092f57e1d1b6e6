// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0203: Delayed Delivery, as a feature: what is sent late says so.
public struct DelayedDelivery: Feature {
    public static let specifications = [Specification.xep(203, "2.0")]

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.advertise(Namespaces.delay)
    }
}

/// When a stanza was first sent, and by whom it was kept (XEP-0203 §2).
public struct Delay: Hashable, Sendable {
    /// The child of a stanza that says so.
    public static let payload = XMLName("delay", Namespaces.delay)

    /// When the stanza was first sent, in milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64
    /// Who kept it.
    public let from: JID?
    /// Why, for people; empty when nothing is said.
    public let reason: String

    /// A delay to be sent.
    public init(milliseconds: Int64, from: JID? = nil, reason: String = "") {
        self.milliseconds = milliseconds
        self.from = from
        self.reason = reason
    }

    /// Reads a `<delay/>`; nil when it is none or its stamp or address is malformed.
    public init?(_ element: XMLElement) {
        guard element.isNamed(Self.payload),
            let milliseconds = element.attribute("stamp").flatMap(DateTime.milliseconds)
        else { return nil }
        do throws(StanzaParseError) {
            let from = try Stanza.address("from", element)
            self.init(milliseconds: milliseconds, from: from, reason: element.text)
        } catch {
            return nil
        }
    }

    /// The delay of a stanza; nil when it was not delayed.
    public init?(in stanza: Stanza) {
        guard let child = stanza.element.firstChild(Self.payload) else { return nil }
        self.init(child)
    }

    /// The child to be added to a stanza.
    public var element: Element {
        Element(
            Self.payload,
            ["from": from?.description, "stamp": DateTime.text(milliseconds: milliseconds)], text: reason)
    }
}
