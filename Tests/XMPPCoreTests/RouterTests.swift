// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLStream
import XMPPCore

/// A feature made for a test.
private struct Sample: Feature {
    static let specifications = [Specification.rfc(6120)]
    func register(on router: inout Router) {
        router.on(.get, Ping.payload) { _ in nil }
        router.advertise("urn:example:sample")
    }
}

@Suite struct RouterTests {
    @Test("A request is refused for its own reason", arguments: [
        ("<iq type='get' id='1'><x xmlns='urn:example'/></iq>", .serviceUnavailable),
        ("<iq type='set' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", .serviceUnavailable),
        ("<iq type='set' id='1'><sonnet xmlns='urn:stationmaster:1'/></iq>", .featureNotImplemented),
        ("<iq type='get' id='1'><report xmlns='urn:stationmaster:1'/></iq>", .featureNotImplemented),
        ("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>", .badRequest),
        ("<iq type='get' id=''><ping xmlns='urn:xmpp:ping'/></iq>", .badRequest),
        ("<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>", .badRequest),
        ("<iq type='give' id='1'><ping xmlns='urn:xmpp:ping'/></iq>", .badRequest),
        ("<iq type='get' id='1'/>", .badRequest),
        ("<iq type='get' id='1'>text</iq>", .badRequest),
        ("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/></iq>", .badRequest),
        ("<iq type='set' id='1'><report xmlns='urn:stationmaster:1'/><report xmlns='urn:stationmaster:1'/></iq>",
            .badRequest),
        ("<presence type='sonnet'/>", .badRequest),
    ] as [(String, StanzaError.Condition)])
    func refused(_ xml: String, _ condition: StanzaError.Condition) throws {
        let router = try componentRouter()
        let route = router.route(try stanza(addressed(xml)))
        let refusal = try #require(route.refusal)
        #expect(refusal.condition == condition)
        #expect(route.reply?.from?.description == "s.example" && route.reply?.to?.description == "a@b/c")
    }

    @Test("Whose stanza was too much is told so, whatever it asked; answers, presence and errors are not answered", arguments: [
        ("<iq type='set' id='1' from='a@b/c' to='s.example'>", true), ("<iq type='get' id='1' from='a@b/c' to='s.example'>", true),
        ("<message from='a@b/c' to='s.example'>", true), ("<message type='error' from='a@b/c' to='s.example'>", false),
        ("<iq type='result' id='1' from='a@b/c' to='s.example'>", false), ("<presence from='a@b/c' to='s.example'>", false),
    ])
    func tooMuch(_ tag: String, _ isAnswered: Bool) throws {
        var limits = XMLLimits()
        limits.skipsStanzas = true
        let parser = XMLStreamParser(limits: limits)
        let kind = tag.dropFirst().prefix { $0 != " " }
        let text = "<s xmlns='\(Namespaces.component)'>\(tag)<report xmlns='urn:stationmaster:1'>"
            + String(repeating: "&apos;", count: 50_000) + "</report></\(kind)>"
        var stanzas: [XMLElement] = []
        for case .stanzas(let batch) in try parser.feed(Array(text.utf8)) { stanzas += batch }
        let stanza = try Stanza(try #require(stanzas.first))
        #expect(stanza.wasRefused)
        let route = try componentRouter().route(stanza)
        #expect(route.refusal?.condition == (isAnswered ? .policyViolation : nil))
        #expect(route.reply?.to?.description == (isAnswered ? "a@b/c" : nil))
    }

    @Test("These go to the core as they are", arguments: [
        "<iq type='set' id='1'><report xmlns='urn:stationmaster:1'/></iq>",
        "<iq type='result' id='1'/>",
        "<iq type='result' id='1'><any xmlns='urn:x'/></iq>",
        "<iq type='error' id='1'><any xmlns='urn:x'/><error type='cancel'/></iq>",
        "<message/>", "<message type='error'/>", "<message type='sonnet'/>",
        "<presence/>", "<presence type='unavailable'/>", "<presence type='subscribe'/>",
        "<presence type='probe'/>", "<presence type='error'/>",
    ])
    func core(_ xml: String) throws {
        let sent = try stanza(addressed(xml))
        let core = try #require(try componentRouter().route(sent).core)
        #expect(core.element.element == sent.element.element && core.encoding == .xml)
    }

    @Test("Broken answers are dropped, never answered", arguments: [
        "<iq type='result'/>", "<iq type='error'/>", "<iq type='result' id=''/>",
        "<iq type='result' id='1'><a xmlns='urn:x'/><b xmlns='urn:x'/></iq>",
        "<iq type='result' id='1'><stanza xmlns='urn:stationmaster:1'/></iq>",
    ])
    func dropped(_ xml: String) throws {
        #expect(try componentRouter().route(try stanza(addressed(xml))).isIgnored)
    }

    @Test("Two features that answer one payload are an error that names both, and nothing changes")
    func duplicates() throws {
        var router = Router()
        try router.add(Ping())
        let error = try #require(throws: RouterError.self) { try router.add(Sample()) }
        #expect(error.first == "Ping" && error.second == "Sample")
        #expect(error.description == "Ping and Sample both answer get of <ping xmlns='urn:xmpp:ping'/>")
        #expect(router.features == [Namespaces.ping])
        #expect(router.specifications == Ping.specifications)
        #expect(router.conflicts.isEmpty)
        router.forward(.get, Ping.payload)
        #expect(router.conflicts.map(\.first) == ["Ping"] && router.conflicts.map(\.second) == ["the program"])
    }

    @Test("With a domain, what is not for it or has no sender is dropped", arguments: [
        ("from='a@b' to='s.example'", false), ("from='a@b' to='wx-7@s.example/r'", false),
        ("from='a@b' to='other.example'", true), ("from='a@b' to='x.s.example'", true),
        ("from='a@b'", true), ("to='s.example'", true),
    ])
    func otherDomains(_ addresses: String, _ isDropped: Bool) throws {
        var router = try componentRouter()
        router.domain = "s.example"
        let ping = try stanza("<iq type='get' id='1' \(addresses)><ping xmlns='urn:xmpp:ping'/></iq>")
        #expect(router.route(ping).isIgnored == isDropped)
        #expect(router.route(try stanza("<message \(addresses)/>")).isIgnored == isDropped)
    }

    @Test("What an answer throws is the refusal")
    func thrownErrors() throws {
        var router = Router()
        router.on(.get, Ping.payload) { _ throws(StanzaError) in throw StanzaError(.notAllowed, "on Sundays") }
        let route = router.route(try stanza(addressed("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")))
        #expect(route.refusal == StanzaError(.notAllowed, "on Sundays"))
    }

    @Test("Documents are listed once, RFCs first, by number")
    func specifications() throws {
        var router = Router()
        try router.add(SoftwareVersion(name: "a", version: "b"))
        try router.add(Sample())
        try router.add(LastActivity { 0 })
        #expect(router.specifications.map(\.number) == [6120, 12, 92])
    }

    @Test("Two components wired back to back fall silent", arguments: [
        "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1'><unknown xmlns='urn:x'/></iq>",
        "<iq id='1'/>", "<iq type='result'/>", "<iq type='error' id='1'/>", "<iq type='give'/>",
        "<presence type='odd'/>", "<message type='error'><error/></message>",
        "<iq type='set' id='1'><stanza xmlns='urn:stationmaster:1'/></iq>",
        "<iq type='set' id='1'><stanza xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{\"s\":\"<iq type='get' id='2'><unknown xmlns='urn:x'/></iq>\"}</json></stanza></iq>",
    ])
    func silence(_ xml: String) throws {
        let router = try componentRouter()
        var current = try stanza(addressed(xml))
        for turn in 0..<4 {
            guard let reply = router.route(current).reply else { return }
            #expect(turn < 1, "still answering: \(text(reply))")
            current = try received(reply)
        }
    }
}

/// The same stanza from a station to the component.
private func addressed(_ xml: String) -> String {
    let end = xml.firstIndex { $0 == " " || $0 == "/" || $0 == ">" } ?? xml.endIndex
    return xml[..<end] + " from='a@b/c' to='s.example'" + xml[end...]
}
