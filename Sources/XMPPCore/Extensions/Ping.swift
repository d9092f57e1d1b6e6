// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0199: XMPP Ping. The domain answers, and so does every twin.
public struct Ping: Feature {
    public static let specifications = [Specification.xep(199, "2.0.1")]
    /// What is asked.
    public static let payload = XMLName("ping", Namespaces.ping)

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.on(.get, Self.payload) { _ in nil }
    }
}
