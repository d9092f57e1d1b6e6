// SPDX-License-Identifier: Apache-2.0

import XMLStream
import XMPPCore

/// An element as it comes on a stream with this default namespace.
func element(_ xml: String, _ namespace: String = Namespaces.component) throws -> XMLElement {
    try parseFragment(Array(xml.utf8), defaultNamespace: namespace, limits: XMLLimits())
}

/// A stanza as it comes on a stream with this default namespace.
func stanza(_ xml: String, _ namespace: String = Namespaces.component) throws -> Stanza {
    try Stanza(element(xml, namespace))
}

/// What goes out on a component stream.
func text(_ stanza: OutgoingStanza) -> String {
    var writer = XMLWriter(defaultNamespace: Namespaces.component)
    stanza.write(into: &writer)
    return String(decoding: writer.take(), as: UTF8.self)
}

/// What the other side of a component stream receives.
func received(_ outgoing: OutgoingStanza) throws -> Stanza {
    try stanza(text(outgoing))
}

extension Router.Route {
    var reply: OutgoingStanza? { if case .reply(let stanza) = self { stanza } else { nil } }
    var core: Stanza? { if case .core(let stanza) = self { stanza } else { nil } }
    var isIgnored: Bool { if case .ignore = self { true } else { false } }

    /// The error that is answered, if one is.
    var refusal: StanzaError? {
        guard let reply, reply.type == "error" else { return nil }
        return reply.payload.first.flatMap { StanzaError($0) }
    }
}

/// A router as the component has it, with a clock that stands still.
func componentRouter() throws -> Router {
    var router = Router()
    router.identity(category: "component", type: "generic", name: "Stationmaster")
    try router.add(ServiceDiscovery())
    try router.add(Ping())
    try router.add(SoftwareVersion(name: "Stationmaster", version: "1.0"))
    try router.add(LastActivity { 903 })
    try router.add(EntityTime { 1_166_579_912_000 })
    try router.add(DelayedDelivery())
    try router.add(ResultSets())
    try router.add(DataForms())
    try router.add(JSONContainer())
    try router.add(JSONMessaging(datatypes: ["urn:stationmaster:1#report"]))
    try router.add(JSONStanza())
    router.forward(.set, XMLName("report", Namespaces.stationmaster))
    return router
}

/// A small generator of pseudo-random numbers (SplitMix64), so that a seed repeats a run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
