// SPDX-License-Identifier: Apache-2.0
import StationCore
import XMPPCore

extension Features {
    /// What is followed beside the extensions that stand on the router: the link, and what the core answers.
    private static let beside: [Specification] = [
        .xep(60, "1.24.1", "for subscribers: stations alone publish, by their reports; nodes are made with the stations"),
        .xep(114, "1.6"),
        .xep(334, "0.4", "no-store on the items of a feed"),
        .rfc(6120), .rfc(7622), .rfc(8428),
    ]

    /// The text of `Schemas/doap.xml`: every specification that the component follows.
    static func doap() throws -> String {
        let router = try router(
            domain: JID("devices.localhost"), clock: WallClock(), registry: CoreRegistry(),
            version: StationmasterService.version)
        return Doap.text(specifications: router.specifications + beside)
    }
}
