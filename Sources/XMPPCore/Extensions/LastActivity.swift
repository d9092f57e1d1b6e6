// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0012: Last Activity. The domain answers how long the component runs (§4); what a twin was
/// last doing is known to the core.
public struct LastActivity: Feature {
    public static let specifications = [Specification.xep(12, "2.0")]
    /// What is asked and answered.
    public static let payload = XMLName("query", Namespaces.lastActivity)

    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds since the component was started; called on the network thread.
    public init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
    }

    public func register(on router: inout Router) {
        router.decide(.get, Self.payload) { [uptime] stanza, _ in
            stanza.isToDomain ? .result(Self.element(seconds: uptime())) : .core
        }
    }

    /// The answer: seconds since the last activity, never negative, and the last status text.
    public static func element(seconds: Int64, status: String = "") -> Element {
        Element(payload, ["seconds": String(max(0, seconds))], text: status)
    }

    /// Seconds of an answer; nil when it is none.
    public static func seconds(in element: XMLElement) -> Int64? {
        guard element.isNamed(payload), let text = element.attribute("seconds"), let seconds = Int64(text),
            seconds >= 0
        else { return nil }
        return seconds
    }
}
