// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// The names of stanzas in the three content namespaces, compared without making strings.
enum StanzaNames {
    /// RFC 6121 §5.2.2.
    static let messageTypes = ["normal", "chat", "groupchat", "headline", "error"]
    /// RFC 6121 §4.7.1; the empty one means available.
    static let presenceTypes = [
        "", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error",
    ]

    private static let iq = Names("iq")
    private static let message = Names("message")
    private static let presence = Names("presence")
    private static let error = Names("error")

    /// Which stanza this is, or nil when it is none.
    static func kind(of element: XMLElement) -> StanzaKind? {
        if iq.match(element) { return .iq }
        if presence.match(element) { return .presence }
        return message.match(element) ? .message : nil
    }

    /// Whether this child of a stanza is its error.
    static func isError(_ element: XMLElement) -> Bool { error.match(element) }

    /// Whether a child belongs to the stanza itself (`error`, `body`, `status`…), whatever stream it
    /// came on or goes to.
    static func belongsToStanza(_ name: XMLName) -> Bool {
        name.namespace.isEmpty || Namespaces.content.contains(name.namespace)
    }
}

/// One word in the three content namespaces.
private struct Names {
    let component: XMLName
    let client: XMLName
    let server: XMLName

    init(_ local: String) {
        component = XMLName(local, Namespaces.component)
        client = XMLName(local, Namespaces.client)
        server = XMLName(local, Namespaces.server)
    }

    func match(_ element: XMLElement) -> Bool {
        element.isNamed(component) || element.isNamed(client) || element.isNamed(server)
    }
}
