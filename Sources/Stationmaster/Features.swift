// SPDX-License-Identifier: Apache-2.0
import InformationServices
import StationCore
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// The component's extensions. A new one is a file in `XMPPCore/Extensions` (or a module of the core) and a line here.
enum Features {
    static func router(domain: JID, clock: any CoreClock, registry: CoreRegistry, version: String) throws -> Router {
        var router = Router()
        router.domain = domain.domain
        router.identity(category: "component", type: "generic", name: "Stationmaster")
        router.identity(category: "pubsub", type: "service", name: "Observations")
        try router.add(Ping())
        try router.add(SoftwareVersion(name: "Stationmaster", version: version))
        try router.add(EntityTime { clock.now().milliseconds })
        try router.add(ServiceDiscovery())
        try router.add(DelayedDelivery())
        try router.add(ResultSets())
        let started = clock.now()
        try router.add(LastActivity { clock.now().milliseconds(since: started) / 1000 })
        try router.add(JSONContainer())
        try router.add(JSONMessaging(datatypes: [JSONMessaging.datatype(of: Report.xmlName)]))
        try router.add(JSONStanza())
        try router.add(DataForms())
        // Payloads are compared in the order of registration, and reports are what comes most.
        router.forward(.set, Report.xmlName)
        let routed = [Report.xmlName, DiscoInfo.payload, DiscoItems.payload, SoftwareVersion.payload, LastActivity.payload]
        for (type, payload) in registry.iqPayloads where !routed.contains(payload) {
            // Owners' requests are answered, with a refusal: there is nothing to advertise.
            router.forward(type, payload, advertise: payload.namespace != Namespaces.pubsubOwner)
        }
        for payload in registry.messagePayloads { router.forwardMessages(payload) }
        for feature in InformationServices.features { router.advertise(feature) }
        if let conflict = router.conflicts.first { throw conflict }
        return router
    }
}
