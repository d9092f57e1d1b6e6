// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPClient
import XMPPCore

/// What a real server adds to a play, takes from it or changes, and what is done about it. All of it stands here.
enum LiveRules {
    /// The longest that "N s pass" and "Nobody receives anything for N s" wait.
    static let longestWait = 1.5
    /// How long somebody waits for a stanza.
    static let patience = 10.0
    /// How long it must be quiet before what comes afterwards belongs to the play, and before the operator speaks when
    /// nothing has answered what was sent.
    static let quiet = 0.4

    /// The plays do not speak of the servers' own stanzas: roster pushes, presence of one's other resources, answers of
    /// the server itself.
    static func isOfThePlay(_ stanza: Element, component: String) -> Bool {
        guard let from = stanza["from"] else { return false }
        let bare = from.prefix { $0 != "/" }
        return (bare == component || bare.hasSuffix("@" + component)) && !isSettledByServer(stanza)
    }

    /// A server answers a probe in the place of its user, who never sees it. A request to subscribe may be settled in the
    /// same way, and ejabberd drops it for a user without an account, as are those who log in by certificate. Both are
    /// taken off the component's stream.
    static func isSettledByServer(_ stanza: Element) -> Bool {
        stanza.name.local == "presence" && ["probe", "subscribe"].contains(stanza["type"])
    }

    /// jabberd2 numbers sessions by their sockets, and ends a new one when something comes for the last of that number.
    static func isMeantForAnother(_ error: ClientError) -> Bool { error.streamError?.condition == .internalServerError }

    /// Servers say the language of a stanza, and may write the full address of the resource to which they bring what was
    /// sent to the bare one. Plays are written in the namespace of the component's stream.
    static func withoutAdditions(_ stanza: Element, to member: Transcript.Member, like expected: Element) -> Element {
        var stanza = inComponentNamespace(stanza)
        stanza.attributes.removeAll { $0.name == "xml:lang" }
        // RFC 6121 §5.2.2: normal is the default, and ejabberd leaves it out.
        if stanza.name.local == "message", stanza["type"] == nil { stanza["type"] = "normal" }
        if expected["to"] == member.bare, stanza["to"] == member.address { stanza["to"] = member.bare }
        return stanza
    }

    private static func inComponentNamespace(_ element: Element) -> Element {
        var element = element
        if element.name.namespace == Namespaces.client { element.name = XMLName(element.name.local, Namespaces.component) }
        element.children = element.children.map { child in
            if case .element(let inner) = child { .element(inComponentNamespace(inner)) } else { child }
        }
        return element
    }

    /// What was sent to a bare address comes to each of its resources and counts once.
    static func isSame(_ one: Element, _ other: Element) -> Bool {
        guard let to = one["to"], let same = other["to"] else { return false }
        var copy = other
        copy["to"] = to
        return copy == one && to.prefix { $0 != "/" } == same.prefix { $0 != "/" }
    }
}
