// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing
import XMLStream
import XMPPCore

@Suite struct JSONStanzaTests {
    private func outer(_ inner: String, type: String = "set") throws -> Stanza {
        let json: JSON = ["s": .string(inner)]
        return try outer(container: "<json xmlns='urn:xmpp:json:0'>\(escaped(json.text))</json>", type: type)
    }

    private func outer(container: String, type: String = "set") throws -> Stanza {
        try stanza(
            """
            <iq type='\(type)' id='o1' from='wx-7@h.example/agent' to='s.example'>\
            <stanza xmlns='urn:stationmaster:1'>\(container)</stanza></iq>
            """)
    }

    private func escaped(_ text: String) -> String {
        String(decoding: text.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            default: [byte]
            }
        }, as: UTF8.self)
    }

    @Test("An inner report reaches the core with the outer sender, its own id, and answers the same way")
    func report() throws {
        let inner = "<iq type='set' id='i7'><report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{}</json></report></iq>"
        let core = try #require(try componentRouter().route(try outer(inner)).core)
        #expect(core.encoding == .json && core.id == "i7" && core.type == "set")
        #expect(core.from?.description == "wx-7@h.example/agent" && core.to?.description == "s.example")
        #expect(core.payload?.isNamed(XMLName("report", Namespaces.stationmaster)) == true)

        let answer = core.result(Element(XMLName("ok", Namespaces.stationmaster)))
        #expect(answer.encoding == .json)
        let sent = try received(answer)
        #expect(sent.type == "result" && sent.id == "o1" && sent.to?.description == "wx-7@h.example/agent")
        let unwrapped = try JSONStanza.unwrap(sent)
        #expect(unwrapped.type == "result" && unwrapped.id == "i7")
        #expect(unwrapped.payload?.isNamed(XMLName("ok", Namespaces.stationmaster)) == true)
        #expect(answer.element.firstChild(JSONStanza.name) != nil)
    }

    @Test("An inner ping is answered inside an outer result")
    func ping() throws {
        let route = try componentRouter().route(try outer("<iq type='get' id='p' to='wx-7@s.example'><ping xmlns='urn:xmpp:ping'/></iq>"))
        let reply = try #require(route.reply)
        #expect(reply.id == "p" && reply.from?.description == "wx-7@s.example" && reply.outer == .answer(id: "o1"))
        let json = try JSONContainer.json(in: try #require(try received(reply).payload))
        let inner = try stanza(try #require(json.root["s"]?.string))
        #expect(inner.type == "result" && inner.id == "p")
    }

    @Test("What breaks the rules is refused with bad-request on the outer IQ", arguments: [
        "<iq type='get' id='1' from='wx-8@h.example/agent'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' from='wx-7@h.example'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' from='a b'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' to='other.example'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='set' id='1'><stanza xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{}</json></stanza></iq>",
        "<iq type='result' id='1'/>", "<iq type='error' id='1'/>",
        "<message/>", "<presence/>", "<ping xmlns='urn:xmpp:ping'/>",
        "<iq type='get' id='1'>", "", "text", "<!DOCTYPE iq><iq/>", "<iq/><iq/>",
    ])
    func outerRefusal(_ inner: String) throws {
        let reply = try #require(try componentRouter().route(try outer(inner)).reply)
        #expect(reply.encoding == .xml && reply.id == "o1" && reply.type == "error")
        #expect(reply.payload.first.flatMap { StanzaError($0) }?.condition == .badRequest)
    }

    @Test("A container that is not one object with one s, or not the one container, is refused", arguments: [
        "", "<json xmlns='urn:xmpp:json:0'/>", "<json xmlns='urn:xmpp:json:0'>[]</json>",
        "<json xmlns='urn:xmpp:json:0'>{}</json>", "<json xmlns='urn:xmpp:json:0'>{\"s\":1}</json>",
        "<json xmlns='urn:xmpp:json:0'>{\"s\":\"&lt;iq/>\",\"s\":\"&lt;iq/>\"}</json>",
        "<json xmlns='urn:xmpp:json:0'>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\",\"t\":1}</json>",
        "<json xmlns='urn:example'>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json>",
        "<json>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json>",
        "<json xmlns='urn:xmpp:json:0'>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json>"
            + "<json xmlns='urn:xmpp:json:0'>{}</json>",
        "<json xmlns='urn:xmpp:json:0'>{}</json>"
            + "<json xmlns='urn:xmpp:json:0'>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json>",
        "<json xmlns='urn:xmpp:json:0'>{\"s\":\"&lt;iq type='get' id='1'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json>"
            + "<json xmlns='urn:example'>{}</json>",
        "<json xmlns='urn:xmpp:json:0'>{}<x/></json>",
    ])
    func containerRefusal(_ container: String) throws {
        let reply = try #require(try componentRouter().route(try outer(container: container)).reply)
        #expect(reply.encoding == .xml && reply.id == "o1")
        #expect(reply.payload.first.flatMap { StanzaError($0) }?.condition == .badRequest)
    }

    @Test("Two payloads of one kind, or an unknown one, are refused as if the inner IQ had come by itself", arguments: [
        ("<iq type='set' id='1'><report xmlns='urn:stationmaster:1'/><report xmlns='urn:stationmaster:1'/></iq>",
            .badRequest),
        ("<iq type='set' id='1'><report xmlns='urn:stationmaster:1'/><stanza xmlns='urn:other'/></iq>", .badRequest),
        ("<iq type='set'><report xmlns='urn:stationmaster:1'/></iq>", .badRequest),
        ("<iq type='get' id='1'><sonnet xmlns='urn:stationmaster:1'/></iq>", .featureNotImplemented),
    ] as [(String, StanzaError.Condition)])
    func innerRefusal(_ inner: String, _ condition: StanzaError.Condition) throws {
        let reply = try #require(try componentRouter().route(try outer(inner)).reply)
        #expect(reply.encoding == .json && reply.outer == .answer(id: "o1") && reply.type == "error")
        #expect(reply.payload.first.flatMap { StanzaError($0) }?.condition == condition)
        #expect(try received(reply).type == "result")
    }

    @Test("What the component sends of its own accord travels in a set, and its answer comes back in a result")
    func ownAccord() throws {
        let update = Element(XMLName("update", Namespaces.stationmaster))
        var request = OutgoingStanza.iq(
            .set, id: "u1", from: try JID("s.example"), to: try JID("wx-7@h.example/agent"), update)
        #expect(JSONStanza.wrap(request, as: .request(id: "o9")).id == "o9")
        request.encoding = .json
        let sent = try received(request)
        #expect(sent.type == "set" && sent.id == "u1" && sent.to == request.to)
        let inner = try JSONStanza.unwrap(sent)
        #expect(inner.payload?.isNamed(update.name) == true && inner.request == .set)

        let answer = try outer("<iq type='result' id='u1'><done xmlns='urn:stationmaster:1'/></iq>", type: "result")
        let core = try #require(try componentRouter().route(answer).core)
        #expect(core.isAnswer && core.id == "u1" && core.encoding == .json)
        #expect(core.from?.description == "wx-7@h.example/agent")
        let request2 = try outer("<iq type='set' id='u1'><report xmlns='urn:stationmaster:1'/></iq>", type: "result")
        #expect(try componentRouter().route(request2).isIgnored, "a request does not travel in a result")
    }

    @Test("The inner stanza may name the namespace of its own stream", arguments: [
        Namespaces.client, Namespaces.component, Namespaces.server,
    ])
    func innerNamespace(_ namespace: String) throws {
        let inner = "<iq xmlns='\(namespace)' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
        #expect(try componentRouter().route(try outer(inner)).reply?.encoding == .json)
    }

    @Test("A JSON payload of a message is read as in XEP-0432")
    func messaging() throws {
        let example = try stanza(
            """
            <message><payload xmlns='urn:xmpp:json-msg:0' datatype='urn:stationmaster:1#report'>\
            <json xmlns='urn:xmpp:json:0'>{"seq":1}</json></payload></message>
            """)
        let payload = try #require(example.payload)
        let read = try JSONMessaging.read(payload)
        #expect(read.datatype == "urn:stationmaster:1#report" && read.json.root["seq"]?.int64 == 1)
        let kind = XMLName("report", Namespaces.stationmaster)
        #expect(JSONMessaging.kind(of: payload) == kind)
        let written = JSONMessaging.element(datatype: JSONMessaging.datatype(of: kind), ["seq": 1])
        #expect(written == payload.element)
        let other = try element("<payload xmlns='urn:xmpp:json-msg:0' datatype='urn:other'/>")
        #expect(JSONMessaging.kind(of: other) == nil)
        #expect(throws: StanzaError.self) { try JSONMessaging.read(other) }
        #expect(throws: StanzaError.self) {
            try JSONMessaging.read(try element("<payload xmlns='urn:xmpp:json-msg:0'><json xmlns='urn:xmpp:json:0'>1</json></payload>"))
        }
    }

    @Test("A JSON text is refused with its place, and a long one as against policy")
    func containerErrors() throws {
        let broken = try element("<r xmlns='urn:x'><json xmlns='urn:xmpp:json:0'>{\"a\":[1,}</json></r>")
        let error = try #require(throws: StanzaError.self) { try JSONContainer.json(in: broken) }
        #expect(error.condition == .badRequest && error.text.contains("/a"))
        let limits = JSONLimits(bytes: 10)
        let fits = try element("<r xmlns='urn:x'><json xmlns='urn:xmpp:json:0'>[111,11,1]</json></r>")
        #expect(try JSONContainer.json(in: fits, limits: limits).root.items.count == 3)
        let long = try element("<r xmlns='urn:x'><json xmlns='urn:xmpp:json:0'>[111,11,11]</json></r>")
        let refusal = try #require(throws: StanzaError.self) { try JSONContainer.json(in: long, limits: limits) }
        #expect(refusal.condition == .policyViolation)
    }
}

