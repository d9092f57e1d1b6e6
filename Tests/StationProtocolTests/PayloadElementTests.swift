// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel
import StationProtocol
import Testing
import XMLStream
import XMPPCore

@Suite struct PayloadElementTests {
    private func parse(_ xml: String) throws -> XMLElement {
        try parseFragment(Array(xml.utf8), defaultNamespace: Namespaces.client)
    }

    private func ack(_ inner: String, name: String = "ack", namespace: String = "urn:stationmaster:1") -> String {
        "<\(name) xmlns='\(namespace)'>\(inner)</\(name)>"
    }

    private static let json = #"<json xmlns='urn:xmpp:json:0'>{"subid":"s","item":"1-2"}</json>"#

    @Test func `an acknowledgement is read out of its element`() throws {
        #expect(try Ack.decode(parse(ack(Self.json))) == Ack(subid: "s", item: "1-2"))
        #expect(try Ack.decode(parse(ack("\n" + Self.json + "<other xmlns='urn:x'/>"))) == Ack(subid: "s", item: "1-2"))
    }

    @Test(arguments: [
        "", json + json, #"<json xmlns='urn:other'>{"subid":"s","item":"1-2"}</json>"#, #"<json>{"subid":"s","item":"1-2"}</json>"#,
        "<json xmlns='urn:xmpp:json:0'>{</json>", "<json xmlns='urn:xmpp:json:0'/>",
        #"<json xmlns='urn:xmpp:json:0'>{"subid":"s","item":"1-2","item":"1-3"}</json>"#,
    ])
    func `anything but one sound container is a bad request`(_ inner: String) throws {
        let element = try parse(ack(inner))
        let error = #expect(throws: StanzaError.self) { try Ack.decode(element) }
        #expect(error?.condition == .badRequest)
    }

    @Test func `an element of another name or namespace is not this kind`() throws {
        for xml in [ack(Self.json, name: "resume"), ack(Self.json, namespace: "urn:stationmaster:2")] {
            let element = try parse(xml)
            #expect(throws: StanzaError.self) { try Ack.decode(element) }
        }
    }

    @Test func `a text that is too long is refused by policy`() throws {
        let long = String(repeating: " ", count: 65_536)
        let element = try parse(ack("<json xmlns='urn:xmpp:json:0'>\(long){}</json>"))
        let error = #expect(throws: StanzaError.self) { try Ack.decode(element) }
        #expect(error?.condition == .policyViolation)
    }

    @Test func `a signature stands beside the text`() throws {
        let key = String(repeating: "A", count: 43)
        let signature = PayloadSignature(key: key, bytes: (0..<64).map { UInt8($0) })
        let status = UpdateStatus(job: "j", status: .installing)
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        writer.write(Payload.element(UpdateStatus.xmlName, text: status.json.text, signature: signature))
        let element = try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
        #expect(try UpdateStatus.decode(element) == status)
        #expect(PayloadSignature(in: element) == signature)
    }

    @Test(arguments: [
        "", "<signature xmlns='urn:stationmaster:1' alg='ES256' key='KEY'>SIG</signature>TWICE",
        "<signature xmlns='urn:stationmaster:1' alg='none' key='KEY'>SIG</signature>",
        "<signature xmlns='urn:stationmaster:1' alg='ES256'>SIG</signature>",
        "<signature xmlns='urn:stationmaster:1' alg='ES256' key='short'>SIG</signature>",
        "<signature xmlns='urn:stationmaster:1' alg='ES256' key='KEY'>SIGAA</signature>",
        "<signature xmlns='urn:stationmaster:1' alg='ES256' key='KEY'>S=G</signature>",
        "<signature xmlns='urn:stationmaster:1' alg='ES256' key='KEY'>SPARE</signature>",
        "<signature xmlns='urn:other' alg='ES256' key='KEY'>SIG</signature>",
    ])
    func `a signature of another form counts for nothing`(_ inner: String) throws {
        let one = "<signature xmlns='urn:stationmaster:1' alg='ES256' key='KEY'>SIG</signature>"
        let xml = ack(inner.replacing("TWICE", with: one) + Self.json)
            .replacing("SPARE", with: String(repeating: "A", count: 85) + "B")
            .replacing("KEY", with: String(repeating: "A", count: 43)).replacing("SIG", with: String(repeating: "A", count: 86))
        #expect(PayloadSignature(in: try parse(xml)) == nil)
    }

    @Test func `addresses in a payload are prepared`() throws {
        let text = try SchemaFolder.text("examples/online/valid-first.json")
        let online = try Online(text: text.replacing("wx-0042@stations.localhost", with: "WX-0042@Stations.localhost"))
        #expect(online.jid == (try JID("wx-0042@stations.localhost")))
        let error = #expect(throws: JSONError.self) {
            try Online(text: text.replacing("wx-0042@stations.localhost", with: "a\\u2006b@stations.localhost"))
        }
        #expect(error?.pointer == "/jid")
    }
}
