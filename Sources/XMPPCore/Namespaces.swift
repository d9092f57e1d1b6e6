// SPDX-License-Identifier: Apache-2.0

/// The XML namespaces this house speaks, one constant each.
public enum Namespaces {
    /// Content namespace of a component stream (XEP-0114 §3).
    public static let component = "jabber:component:accept"
    /// Content namespace of a client stream (RFC 6120 §4.8.3). Stanzas in owned trees carry this one.
    public static let client = "jabber:client"
    /// Content namespace of a server stream (RFC 6120 §4.8.3).
    public static let server = "jabber:server"
    /// Stream header, features and errors (RFC 6120 §4.8.1).
    public static let streams = "http://etherx.jabber.org/streams"
    /// Conditions of stanza errors (RFC 6120 §8.3.2).
    public static let stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
    /// Conditions of stream errors (RFC 6120 §4.9.2).
    public static let streamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
    /// STARTTLS (RFC 6120 §5).
    public static let startTLS = "urn:ietf:params:xml:ns:xmpp-tls"
    /// SASL (RFC 6120 §6).
    public static let sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
    /// Resource binding (RFC 6120 §7).
    public static let bind = "urn:ietf:params:xml:ns:xmpp-bind"
    /// Session establishment of old servers (RFC 3921 §3).
    public static let session = "urn:ietf:params:xml:ns:xmpp-session"
    /// Contact list (RFC 6121 §2).
    public static let roster = "jabber:iq:roster"
    /// Data forms (XEP-0004).
    public static let dataForms = "jabber:x:data"
    /// Last activity (XEP-0012).
    public static let lastActivity = "jabber:iq:last"
    /// Service discovery of identity and features (XEP-0030 §3).
    public static let discoInfo = "http://jabber.org/protocol/disco#info"
    /// Service discovery of items (XEP-0030 §4).
    public static let discoItems = "http://jabber.org/protocol/disco#items"
    /// Ad-hoc commands (XEP-0050).
    public static let commands = "http://jabber.org/protocol/commands"
    /// Result sets (XEP-0059).
    public static let resultSets = "http://jabber.org/protocol/rsm"
    /// Publish-subscribe (XEP-0060).
    public static let pubsub = "http://jabber.org/protocol/pubsub"
    /// Notifications of publish-subscribe.
    public static let pubsubEvent = "http://jabber.org/protocol/pubsub#event"
    /// Application errors of publish-subscribe.
    public static let pubsubErrors = "http://jabber.org/protocol/pubsub#errors"
    /// What the owner of a node asks.
    public static let pubsubOwner = "http://jabber.org/protocol/pubsub#owner"
    /// FORM_TYPE of subscription options.
    public static let pubsubSubscribeOptions = "http://jabber.org/protocol/pubsub#subscribe_options"
    /// Software version (XEP-0092).
    public static let version = "jabber:iq:version"
    /// Entity capabilities (XEP-0115).
    public static let capabilities = "http://jabber.org/protocol/caps"
    /// Ping (XEP-0199).
    public static let ping = "urn:xmpp:ping"
    /// Entity time (XEP-0202).
    public static let time = "urn:xmpp:time"
    /// Delayed delivery (XEP-0203).
    public static let delay = "urn:xmpp:delay"
    /// Message archive (XEP-0313).
    public static let archive = "urn:xmpp:mam:2"
    /// Hints to the server about a message (XEP-0334).
    public static let hints = "urn:xmpp:hints"
    /// JSON containers (XEP-0335).
    public static let json = "urn:xmpp:json:0"
    /// Simple JSON messaging (XEP-0432).
    public static let jsonMessaging = "urn:xmpp:json-msg:0"
    /// The payload kinds of Stationmaster. The namespace is the version.
    public static let stationmaster = "urn:stationmaster:1"

    /// The namespaces a stanza may come in: the same words on three kinds of stream.
    static let content = [component, client, server]
}
