// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLStream
import XMPPCore

@Suite struct DiscoveryTests {
    private let question = "<query xmlns='http://jabber.org/protocol/disco#info'/>"

    private func ask(_ router: Router, _ payload: String, to: String = "s.example") throws -> Router.Route {
        router.route(try stanza("<iq type='get' id='d1' from='a@b/c' to='\(to)'>\(payload)</iq>"))
    }

    @Test("The domain lists exactly what is registered")
    func listsWhatIsRegistered() throws {
        let reply = try #require(try ask(try componentRouter(), question).reply)
        let payload = try #require(try received(reply).payload)
        let info = try #require(DiscoInfo(payload))
        #expect(info.identities == [.init(category: "component", type: "generic", name: "Stationmaster")])
        #expect(info.features == [
            "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items",
            "http://jabber.org/protocol/rsm", "jabber:iq:last", "jabber:iq:version", "jabber:x:data",
            "urn:stationmaster:1", "urn:xmpp:delay", "urn:xmpp:json-msg:0",
            "urn:xmpp:json-msg:0#urn:stationmaster:1#report", "urn:xmpp:json:0", "urn:xmpp:ping", "urn:xmpp:time",
        ])
        #expect(info.node == nil && info.forms.isEmpty)
    }

    @Test("What is added is listed, what is kept quiet is not")
    func followsRegistration() throws {
        var router = Router()
        try router.add(ServiceDiscovery())
        router.on(.get, XMLName("a", "urn:example:loud")) { _ in nil }
        router.on(.get, XMLName("a", "urn:example:quiet"), advertise: false) { _ in nil }
        router.forwardMessages(XMLName("b", "urn:example:messages"))
        let reply = try #require(try ask(router, question).reply)
        let payload = try #require(try received(reply).payload)
        let info = try #require(DiscoInfo(payload))
        #expect(info.features == [
            "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items",
            "urn:example:loud", "urn:example:messages",
        ])
    }

    @Test("Nodes, items, twins and resources are for the core", arguments: [
        ("<query xmlns='http://jabber.org/protocol/disco#info' node='all'/>", "s.example"),
        ("<query xmlns='http://jabber.org/protocol/disco#info'/>", "wx-7@s.example"),
        ("<query xmlns='http://jabber.org/protocol/disco#info'/>", "s.example/x"),
        ("<query xmlns='http://jabber.org/protocol/disco#items'/>", "s.example"),
        ("<query xmlns='http://jabber.org/protocol/disco#items' node='all'/>", "wx-7@s.example"),
        ("<query xmlns='jabber:iq:version'/>", "wx-7@s.example"),
        ("<query xmlns='jabber:iq:last'/>", "wx-7@s.example"),
    ])
    func forCore(_ payload: String, _ to: String) throws {
        #expect(try ask(try componentRouter(), payload, to: to).core != nil)
    }

    @Test("An answer is read as it was written")
    func infoRoundTrip() throws {
        let form = DataForm(.result, formType: "urn:example:form", fields: [.init("a", values: ["1", "2"])])
        let info = DiscoInfo(
            node: "n", identities: [.init(category: "pubsub", type: "leaf")], features: ["urn:a", "urn:b"],
            forms: [form])
        #expect(DiscoInfo(try element(info.element.description)) == info)
        let items = DiscoItems(
            node: "n", items: [.init(jid: try JID("a@b"), node: "x", name: "y"), .init(jid: try JID("c"))],
            page: RSMResult(first: "a", firstIndex: 0, last: "c", count: 9))
        #expect(DiscoItems(try element(items.element.description)) == items)
        #expect(DiscoInfo(try element("<query xmlns='urn:x'/>")) == nil)
        let broken = "<query xmlns='\(Namespaces.discoItems)'><item/><item jid='a b'/><item jid='a'/></query>"
        #expect(DiscoItems(try element(broken))?.items == [.init(jid: try JID("a"))])
    }
}
