// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0030: Service Discovery.
///
/// What the component is and can do is answered here, from what is registered on the router: nothing
/// is typed twice. Nodes, items and twins are known to the core.
public struct ServiceDiscovery: Feature {
    public static let specifications = [Specification.xep(30, "2.5rc3")]

    /// The feature has nothing to be set; identities are registered on the router.
    public init() {}

    public func register(on router: inout Router) {
        router.decide(.get, DiscoInfo.payload) { stanza, router in
            let hasNode = stanza.payload?.withAttribute("node") { !$0.isEmpty } ?? false
            guard stanza.isToDomain, !hasNode else { return .core }
            return .result(DiscoInfo(identities: router.identities, features: router.features).element)
        }
        router.forward(.get, DiscoItems.payload)
    }
}
