// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLStream
import XMPPCore

/// Stanzas that were changed at random: nothing traps, and what is answered falls silent.
@Suite struct MutationTests {
    private static let samples = [
        "<iq type='get' id='1' from='a@b/c' to='s.example'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' from='a@b/c' to='s.example'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>",
        "<iq type='set' id='1' from='a@b/c' to='s.example'><stanza xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{\"s\":\"&lt;iq type='get' id='2' from='a@b/c'>&lt;ping xmlns='urn:xmpp:ping'/>&lt;/iq>\"}</json></stanza></iq>",
        "<iq type='result' id='1' from='a@b/c' to='s.example'><stanza xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{\"s\":\"&lt;iq type='result' id='2'/>\"}</json></stanza></iq>",
        "<iq type='set' id='1' from='\u{E9}@b\u{FC}cher.example/\u{265A}' to='s.example'><report xmlns='urn:stationmaster:1'/></iq>",
        "<message from='a@[::1]' to='x@s.example'><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>"
            + "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>a</value></field></x>"
            + "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set></message>",
        "<message type='error' id='1' from='a@b'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            + "</error><payload xmlns='urn:xmpp:json-msg:0' datatype='urn:stationmaster:1#report'><json xmlns='urn:xmpp:json:0'>1"
            + "</json></payload></message>",
        "<presence type='subscribe' from='a@xn--bcher-kva.example' to='wx-7@s.example'><status>\u{1F600}</status></presence>",
    ]

    private static let pieces = [
        "'", "<", ">", "/", "@", "xmlns", " type='set'", "error", "result", "id=''", "&lt;", "\u{200D}", "xn--", ":", "[",
        "\\", "{", "\"", "\u{FF20}", "\u{5D0}", "99999999999999999999", "-", ".", "urn:stationmaster:1", "json",
    ]

    private func mutate(_ text: String, _ generator: inout SeededGenerator) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let place = Int.random(in: 0...scalars.count, using: &generator)
            let end = min(scalars.count, place + Int.random(in: 0...3, using: &generator))
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: scalars.removeSubrange(place..<end)
            case 1: scalars.insert(contentsOf: scalars[place..<end], at: place)
            default:
                let piece = Self.pieces.randomElement(using: &generator) ?? ""
                scalars.replaceSubrange(place..<end, with: piece.unicodeScalars)
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Asks everything that may be asked of a stanza.
    private func examine(_ stanza: Stanza) {
        _ = stanza.error
        _ = Delay(in: stanza)
        for child in stanza.element.children {
            _ = try? RSMRequest.parse(in: child)
            _ = RSMResult(in: stanza.element)
            _ = try? JSONContainer.json(in: child)
            _ = try? JSONMessaging.read(child)
            _ = DataForm(child)?.element
            _ = DiscoInfo(child)
            _ = DiscoItems(child)
            _ = SoftwareVersion(child)
            _ = LastActivity.seconds(in: child)
            _ = EntityTime.milliseconds(in: child)
        }
    }

    @Test("Twenty thousand changed stanzas are answered at most once and trap nowhere", arguments: [6120, 6121] as [UInt64])
    func mutated(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let router = try componentRouter()
        var stanzas = 0
        var replies = 0
        for _ in 0..<10_000 {
            let sample = Self.samples.randomElement(using: &generator) ?? ""
            let xml = mutate(sample, &generator)
            guard let received = try? stanza(xml) else { continue }
            stanzas += 1
            examine(received)
            guard let reply = router.route(received).reply else { continue }
            replies += 1
            let back = try stanza(text(reply))
            #expect(router.route(back).reply == nil, "seed \(seed): \(xml)")
            if let id = received.id { #expect(back.id == id, "seed \(seed): \(xml)") }
            #expect(back.to == received.from && back.isAnswer || back.isError, "seed \(seed): \(xml)")
        }
        #expect(stanzas > 2_000 && replies > 500, "seed \(seed): \(stanzas) stanzas, \(replies) replies")
    }

    @Test("Random text is an address that prepares to itself, or none")
    func addresses() throws {
        var generator = SeededGenerator(seed: 7622)
        var valid = 0
        for _ in 0..<20_000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let value = Bool.random(using: &generator)
                    ? UInt32.random(in: 0x20...0x17F, using: &generator)
                    : UInt32.random(in: 0...0x2FFFF, using: &generator)
                if let scalar = Unicode.Scalar(value) { view.append(scalar) }
            }
            let word = String(view)
            for text in ["\(word)@example.com", "a@\(word).example", "a@b/\(word)", word] {
                guard let jid = try? JID(text) else { continue }
                valid += 1
                let again = try JID(jid.description)
                #expect(again == jid && Array(again.description.utf8) == Array(jid.description.utf8), "\(text)")
                #expect(try JID(localpart: jid.localpart, domain: jid.domain, resource: jid.resource) == jid, "\(text)")
                for part in [jid.localpart, jid.domain, jid.resource] where part != nil {
                    #expect((1...1023).contains(part?.utf8.count ?? 0))
                }
            }
        }
        #expect(valid > 5_000)
    }
}
