// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLStream
import XMPPCore

@Suite struct ExtensionTests {
    private func ask(_ payload: String, to: String = "s.example") throws -> Router.Route {
        try componentRouter().route(
            try stanza("<iq type='get' id='e1' from='juliet@capulet.example/b' to='\(to)'>\(payload)</iq>"))
    }

    @Test("A ping is answered with an empty result, by the domain and by twins", arguments: [
        "s.example", "s.example/r", "wx-7@s.example", "wx-7@s.example/r",
    ])
    func ping(_ to: String) throws {
        let reply = try #require(try ask("<ping xmlns='urn:xmpp:ping'/>", to: to).reply)
        #expect(reply == .iq("result", id: "e1", from: try JID(to), to: try JID("juliet@capulet.example/b")))
    }

    @Test("The software version is answered as in XEP-0092 §2")
    func version() throws {
        let reply = try #require(try ask("<query xmlns='jabber:iq:version'/>").reply)
        let payload = try #require(try received(reply).payload)
        #expect(SoftwareVersion(payload) == SoftwareVersion(name: "Stationmaster", version: "1.0"))
        let example = try element(
            "<query xmlns='jabber:iq:version'><name>Exodus</name><version>0.7.0.4</version><os>Windows-XP 5.01.2600</os></query>")
        let read = try #require(SoftwareVersion(example))
        #expect(read == SoftwareVersion(name: "Exodus", version: "0.7.0.4", system: "Windows-XP 5.01.2600"))
        #expect(read.element == example.element)
    }

    @Test("The last activity of the domain is its uptime, as in XEP-0012 §4")
    func lastActivity() throws {
        let reply = try #require(try ask("<query xmlns='jabber:iq:last'/>").reply)
        #expect(LastActivity.seconds(in: try #require(try received(reply).payload)) == 903)
        #expect(LastActivity.seconds(in: try element("<query xmlns='jabber:iq:last' seconds='-1'/>")) == nil)
        #expect(LastActivity.element(seconds: -5, status: "x")["seconds"] == "0")
        #expect(LastActivity.element(seconds: 5, status: "Heading Home").text == "Heading Home")
    }

    @Test("The time is answered as in XEP-0202 §3, and not for a twin")
    func time() throws {
        let reply = try #require(try ask("<time xmlns='urn:xmpp:time'/>").reply)
        let payload = try #require(try received(reply).payload)
        #expect(payload.firstChild(XMLName("utc", Namespaces.time))?.text == "2006-12-20T01:58:32Z")
        #expect(EntityTime.milliseconds(in: payload) == 1_166_579_912_000)
        let example = try element(
            "<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>")
        #expect(EntityTime.milliseconds(in: example) == 1_166_551_115_000)
        #expect(try ask("<time xmlns='urn:xmpp:time'/>", to: "wx-7@s.example").refusal?.condition == .serviceUnavailable)
    }

    @Test("A delay is read as in XEP-0203 §2 and written the same")
    func delay() throws {
        let example = try stanza(
            "<message><delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>Offline Storage</delay></message>")
        let delay = try #require(Delay(in: example))
        #expect(delay == Delay(milliseconds: 1_031_699_305_000, from: try JID("capulet.com"), reason: "Offline Storage"))
        #expect(Delay(try element(delay.element.description)) == delay)
        #expect(Delay(try element("<delay xmlns='urn:xmpp:delay'/>")) == nil)
        #expect(Delay(try element("<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z' from='a b'/>")) == nil)
        #expect(Delay(in: try stanza("<message/>")) == nil)
    }

    @Test("A page is asked for as in XEP-0059 §2", arguments: [
        ("<max>10</max>", RSMRequest(max: 10)),
        ("<max>10</max><after>peterpan@neverland.lit</after>", RSMRequest(max: 10, after: "peterpan@neverland.lit")),
        ("<max>10</max><before/>", RSMRequest(max: 10, before: "")),
        ("<max>10</max><index>371</index>", RSMRequest(max: 10, index: 371)),
        ("<max>0</max>", RSMRequest(max: 0)),
        ("", RSMRequest()),
    ])
    func pageRequest(_ inside: String, _ expected: RSMRequest) throws {
        let payload = try element("<q xmlns='urn:x'><set xmlns='http://jabber.org/protocol/rsm'>\(inside)</set></q>")
        #expect(try RSMRequest.parse(in: payload) == expected)
        let written = Element(XMLName("q", "urn:x"), elements: [expected.element])
        #expect(try RSMRequest.parse(in: try element(written.description)) == expected)
    }

    @Test("A page that cannot be meant is refused", arguments: [
        "<max>ten</max>", "<max>-1</max>", "<max/>", "<index>x</index>", "<after>a</after><before>b</before>",
        "<max>99999999999999999999</max>",
    ])
    func badPage(_ inside: String) throws {
        let payload = try element("<q xmlns='urn:x'><set xmlns='http://jabber.org/protocol/rsm'>\(inside)</set></q>")
        #expect(throws: StanzaError.self) { try RSMRequest.parse(in: payload) }
    }

    @Test("A page is answered as in XEP-0059 §2")
    func pageAnswer() throws {
        let example = try element(
            """
            <query xmlns='jabber:iq:search'><set xmlns='http://jabber.org/protocol/rsm'>\
            <first index='0'>stpeter@jabber.org</first><last>peterpan@neverland.lit</last><count>800</count></set></query>
            """)
        let page = try #require(RSMResult(in: example))
        #expect(page == RSMResult(first: "stpeter@jabber.org", firstIndex: 0, last: "peterpan@neverland.lit", count: 800))
        #expect(page.element == example.firstChild?.element)
        #expect(RSMResult(in: try element("<q/>")) == nil)
    }

    @Test("A form is read as in XEP-0004 §4 and written the same")
    func form() throws {
        let example = """
            <x xmlns='jabber:x:data' type='form'><title>Bot Configuration</title>\
            <instructions>Fill out this form!</instructions>\
            <field type='hidden' var='FORM_TYPE'><value>jabber:bot</value></field>\
            <field type='fixed'><value>Section 1: Bot Info</value></field>\
            <field type='text-single' label='The name' var='botname'/>\
            <field type='boolean' label='Public bot?' var='public'><required/></field>\
            <field type='list-multi' label='Features' var='features'><desc>More</desc>\
            <value>news</value><value>search</value><option label='News'><value>news</value></option>\
            <option><value>search</value></option></field></x>
            """
        let form = try #require(DataForm(try element(example)))
        #expect(form.kind == .form && form.title == "Bot Configuration" && form.formType == "jabber:bot")
        #expect(form.fields.count == 5)
        #expect(form["public"]?.isRequired == true && form["public"]?.kind == .boolean && form.bool("public") == nil)
        #expect(form["features"]?.values == ["news", "search"])
        #expect(form["features"]?.options == [.init("news", label: "News"), .init("search")])
        #expect(form["features"]?.description == "More")
        #expect(DataForm(try element(form.element.description)) == form)
        #expect(DataForm(try element("<x xmlns='jabber:x:data' type='poem'/>")) == nil)
    }

    @Test("A form that is filled in has its type first and its booleans in four spellings")
    func submitted() throws {
        let fields = ["true", "1", "false", "0", "yes"].map { DataForm.Field($0, values: [$0]) }
        let form = DataForm(.submit, formType: "urn:example", fields: fields)
        #expect(form.fields.first == DataForm.Field("FORM_TYPE", values: ["urn:example"]))
        #expect(form.bool("true") == true && form.bool("1") == true)
        #expect(form.bool("false") == false && form.bool("0") == false && form.bool("yes") == nil)
        #expect(form.bool("missing") == nil)
    }

    @Test("The description of the project is the same for the same documents in any order")
    func doap() throws {
        let specifications = [Specification.xep(199, "2.0.1"), .rfc(6120), .xep(4, "2.13.1", "no <tables>")]
        let text = Doap.text(specifications: specifications)
        #expect(text == Doap.text(specifications: specifications.reversed() + specifications))
        #expect(text.contains("<xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-0199.html'/>"))
        #expect(text.contains("<xmpp:note xml:lang='en'>no &lt;tables&gt;</xmpp:note>"))
        #expect(text.contains("https://www.rfc-editor.org/info/rfc6120"))
        let body = text.split(separator: "\n").dropFirst().joined(separator: "\n")
        let parsed = try element(body).element
        #expect(parsed.elements.first?.elements.count { $0.name.local == "implements" } == 3)
    }
}
