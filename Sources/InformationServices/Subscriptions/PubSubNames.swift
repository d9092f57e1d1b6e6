// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore

/// Names and errors of XEP-0060.
enum PubSub {
    static let payload = XMLName("pubsub", Namespaces.pubsub)
    static let ownerPayload = XMLName("pubsub", Namespaces.pubsubOwner)

    static func name(_ local: String) -> XMLName { XMLName(local, Namespaces.pubsub) }
    static func event(_ local: String) -> XMLName { XMLName(local, Namespaces.pubsubEvent) }

    /// What the service does, as advertised (XEP-0060 §5.1 and §10).
    static let features: [String] = [
        "access-whitelist", "item-ids", "member-affiliation", "meta-data",
        "outcast-affiliation",
        "persistent-items", "retrieve-affiliations", "retrieve-default-sub", "retrieve-items",
        "retrieve-subscriptions", "rsm", "subscribe", "subscription-notifications", "subscription-options",
    ].map { Namespaces.pubsub + "#" + $0 }

    static func error(
        _ condition: StanzaError.Condition, _ text: String, kind: StanzaError.Kind? = nil, _ local: String
    ) -> StanzaError {
        StanzaError(condition, text, kind: kind, application: Element(XMLName(local, Namespaces.pubsubErrors)))
    }

    /// XEP-0060: `<unsupported feature='…'/>`.
    static func unsupported(_ feature: String) -> StanzaError {
        StanzaError(
            .featureNotImplemented, "the service does not do this",
            application: Element(XMLName("unsupported", Namespaces.pubsubErrors), ["feature": feature]))
    }

    static var notSubscribed: StanzaError {
        error(.unexpectedRequest, "there is no such subscription", kind: .cancel, "not-subscribed")
    }
}

extension Subscription {
    /// `<subscription/>` as it stands in answers (XEP-0060 §6.1.2).
    var element: Element {
        Element(
            PubSub.name("subscription"),
            ["node": node.description, "jid": jid.description, "subid": subid, "subscription": "subscribed"])
    }
}
