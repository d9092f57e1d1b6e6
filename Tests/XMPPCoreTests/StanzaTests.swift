// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLStream
import XMPPCore

@Suite struct StanzaTests {
    @Test("A stanza is the same in each of the three content namespaces", arguments: [
        Namespaces.component, Namespaces.client, Namespaces.server,
    ])
    func namespaces(_ namespace: String) throws {
        let iq = try stanza(
            "<iq type='get' id='1' from='Juliet@Capulet.example/b' to='s.example'><ping xmlns='urn:xmpp:ping'/></iq>",
            namespace)
        #expect(iq.kind == .iq && iq.type == "get" && iq.request == .get && iq.id == "1")
        #expect(iq.from?.description == "juliet@capulet.example/b" && iq.to?.description == "s.example")
        #expect(iq.payload?.isNamed(Ping.payload) == true && iq.encoding == .xml)
        #expect(try stanza("<message to='a'/>", namespace).type == "normal")
        #expect(try stanza("<presence to='a'/>", namespace).type == "")
    }

    @Test("A message of unknown type is a normal one", arguments: [
        ("chat", "chat"), ("headline", "headline"), ("error", "error"), ("sonnet", "normal"), ("", "normal"),
    ])
    func messageTypes(_ sent: String, _ read: String) throws {
        #expect(try stanza("<message type='\(sent)'/>").type == read)
    }

    @Test("What is not a stanza, or has an address that is none, is refused", arguments: [
        ("<iq xmlns='urn:example'/>", .notAStanza),
        ("<handshake/>", .notAStanza),
        ("<iq from='a@'/>", .malformedAddress(attribute: "from", .empty(.domainpart))),
        ("<iq from='a' to='a b'/>", .malformedAddress(attribute: "to", .notAllowed(.domainpart, codePoint: 0x20))),
    ] as [(String, StanzaParseError)])
    func refused(_ xml: String, _ expected: StanzaParseError) throws {
        let element = try element(xml)
        #expect(throws: expected) { try Stanza(element) }
    }

    @Test("The payload is the first child that is not the error")
    func payloadAndError() throws {
        let bounce = try stanza(
            """
            <message type='error' id='9' from='a@b/c' to='s.example'><error type='wait'>\
            <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
            <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>later</text>\
            <expected xmlns='urn:stationmaster:1' seq='7'/></error><event xmlns='urn:x'/></message>
            """)
        #expect(bounce.payload?.isNamed(XMLName("event", "urn:x")) == true)
        let error = try #require(bounce.error)
        #expect(error.condition == .resourceConstraint && error.kind == .wait && error.text == "later")
        #expect(error.application?["seq"] == "7")
        #expect(bounce.error(StanzaError(.badRequest)) == nil)
    }

    @Test("A result goes back with the same id, from the addressee to the sender")
    func result() throws {
        let iq = try stanza("<iq type='get' id='a&amp;b' from='a@b/c' to='s.example'><q xmlns='urn:x'/></iq>")
        #expect(text(iq.result()) == "<iq type='result' id='a&amp;b' from='s.example' to='a@b/c'/>")
        let answer = try received(iq.result(Element(XMLName("q", "urn:x"), text: "yes")))
        #expect(answer.type == "result" && answer.payload?.text == "yes")
        let refusal = try received(try #require(iq.error(StanzaError(.forbidden, "not allowed"))))
        #expect(refusal.type == "error" && refusal.error == StanzaError(.forbidden, "not allowed"))
        #expect(refusal.error?.kind == .auth && refusal.to?.description == "a@b/c")
    }

    @Test("Children of the stanza itself are written in the namespace of the stream")
    func ownChildren() throws {
        let body = Element(XMLName("body", Namespaces.client), text: "fair <&> \u{1}")
        let message = OutgoingStanza.message(type: "chat", to: try JID("a@b"), [body])
        for namespace in [Namespaces.component, Namespaces.client] {
            var writer = XMLWriter(defaultNamespace: namespace)
            message.write(into: &writer)
            let xml = String(decoding: writer.take(), as: UTF8.self)
            #expect(!xml.contains("xmlns"), "\(xml)")
            let back = try stanza(xml, namespace)
            #expect(back.element.firstChild(XMLName("body", namespace))?.text == "fair <&> \u{FFFD}")
        }
        #expect(message.element.firstChild(XMLName("body", Namespaces.client)) != nil)
    }

    @Test("Every condition is read back", arguments: StanzaError.Condition.allCases)
    func conditions(_ condition: StanzaError.Condition) throws {
        let plain = StanzaError(condition)
        #expect(StanzaError(plain.element) == plain)
        let full = StanzaError(
            condition, "why", kind: .continue, application: Element(XMLName("more", "urn:example")))
        #expect(StanzaError(full.element) == full)
        let sent = try received(OutgoingStanza(.message, type: "error", payload: [full.element]))
        #expect(sent.error == full)
    }

    @Test("The types of the conditions are those of RFC 6120 §8.3.3")
    func kinds() {
        let words = Dictionary(grouping: StanzaError.Condition.allCases, by: { StanzaError($0).kind })
            .mapValues { $0.map(\.rawValue).sorted() }
        #expect(words == [
            .auth: ["forbidden", "not-authorized", "registration-required", "subscription-required"],
            .modify: ["bad-request", "jid-malformed", "not-acceptable", "policy-violation", "redirect"],
            .wait: ["recipient-unavailable", "remote-server-timeout", "resource-constraint", "unexpected-request"],
            .cancel: [
                "conflict", "feature-not-implemented", "gone", "internal-server-error", "item-not-found", "not-allowed",
                "remote-server-not-found", "service-unavailable", "undefined-condition",
            ],
        ])
    }

    @Test("There are 22 conditions of stanzas and 25 of streams")
    func counts() {
        #expect(StanzaError.Condition.allCases.count == 22)
        #expect(StreamError.Condition.allCases.count == 25)
    }

    @Test("Every stream error is read back", arguments: StreamError.Condition.allCases)
    func streamErrors(_ condition: StreamError.Condition) throws {
        let error = StreamError(condition, "why")
        #expect(StreamError(error.element) == error)
        var writer = XMLWriter()
        writer.write(error.element)
        let back = try parseFragment(writer.take(), defaultNamespace: Namespaces.component, limits: XMLLimits())
        #expect(StreamError(back) == error)
    }

    @Test("Conditions nobody knows are undefined, other elements are no errors")
    func unknownErrors() throws {
        let unknown = "<error type='odd'><odd xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        #expect(StanzaError(try element(unknown)) == StanzaError(.undefinedCondition))
        #expect(StanzaError(try element("<error xmlns='urn:x'/>")) == nil)
        #expect(StreamError(try element("<error xmlns='urn:x'/>")) == nil)
        #expect(StreamError(try element("<error xmlns='\(Namespaces.streams)'/>"))?.condition == .undefinedCondition)
    }
}
