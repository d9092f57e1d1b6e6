// SPDX-License-Identifier: Apache-2.0

import StationJSON
import XMLStream
import XMPPCore

/// The first byte says whether the rest is the inner stanza, the JSON text around it, or what stands in the outer one.
enum StanzaBody {
    static func run(_ bytes: [UInt8]) -> String? {
        guard let mode = bytes.first, let text = String(validating: bytes.dropFirst(), as: UTF8.self) else { return nil }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.text(mode % 3 == 0 ? (["s": .string(text)] as JSON).text : text)
        let content = mode % 3 == 2 ? text : "<json xmlns='urn:xmpp:json:0'>\(String(decoding: writer.take(), as: UTF8.self))</json>"
        let type = mode & 64 == 0 ? "set" : "result"
        let outer = "<iq type='\(type)' id='o' from='a@b/c' to='s.example'><stanza xmlns='urn:stationmaster:1'>\(content)</stanza></iq>"
        guard let element = try? parseFragment(Array(outer.utf8), defaultNamespace: Namespaces.component),
            let stanza = try? Stanza(element), let router = router()
        else { return nil }
        return follow(stanza, router, 0)
    }

    private static func router() -> Router? {
        var router = Router()
        router.domain = "s.example"
        do throws(RouterError) {
            try router.add(ServiceDiscovery())
            try router.add(Ping())
            try router.add(JSONContainer())
            try router.add(JSONStanza())
        } catch {
            return nil
        }
        router.forward(.set, XMLName("report", Namespaces.stationmaster))
        return router
    }

    /// An answer goes from us to the sender, and nothing answers it.
    private static func follow(_ stanza: Stanza, _ router: Router, _ depth: Int) -> String? {
        switch router.route(stanza) {
        case .ignore: return nil
        case .core(let core):
            guard core.from == stanza.from else { return "the inner stanza has another sender" }
            guard let to = core.to, to.isInDomain("s.example") else { return "the inner stanza is not for us" }
            guard core.outer != nil || core.element.batch === stanza.element.batch else { return "unwrapped, and not said so" }
            return answered(core.result())
        case .reply(let reply):
            guard reply.to == stanza.from else { return "the answer goes to \(reply.to?.description ?? "nobody")" }
            guard reply.from?.isInDomain("s.example") == true else { return "the answer is not from us" }
            return answered(reply)
        }
    }

    /// What is sent can be read, and is silent.
    private static func answered(_ reply: OutgoingStanza) -> String? {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        reply.write(into: &writer)
        let bytes = writer.take()
        guard let element = try? parseFragment(bytes, defaultNamespace: Namespaces.component), let sent = try? Stanza(element) else {
            return "what is sent is no stanza: \(String(decoding: bytes, as: UTF8.self))"
        }
        return sent.isAnswer || sent.isError ? nil : "what is sent asks for an answer: \(element)"
    }

    static let seeds: [[UInt8]] = [
        [0] + "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>".utf8, [64] + "<iq type='result' id='1'/>".utf8,
        [0] + "<iq xmlns='jabber:client' type='set' id='1' from='a@b/c' to='s.example'><report xmlns='urn:stationmaster:1'/></iq>".utf8,
        [1] + #"{"s":"<iq type='get' id='2'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"}"#.utf8, [1] + #"{"s":1,"t":2}"#.utf8,
        [2] + "<json xmlns='urn:xmpp:json:0'>{}</json>".utf8, [0] + "<message/>".utf8,
    ]
}
