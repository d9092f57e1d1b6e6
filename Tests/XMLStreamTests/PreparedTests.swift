// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("Prepared XML")
struct PreparedTests {
    /// Writes one element and hands it over prepared.
    func prepared(_ local: String, _ namespace: String?, in stream: String, text: String? = nil) -> PreparedXML {
        var writer = XMLWriter(defaultNamespace: stream)
        writer.start(local, namespace: namespace)
        if let text { writer.text(text) }
        return writer.finish()
    }

    func head(_ local: String, _ namespace: String?, in stream: String, to: String? = nil) throws -> PreparedHead {
        var writer = XMLWriter(defaultNamespace: stream)
        writer.start(local, namespace: namespace)
        writer.attribute("to", to)
        let head = writer.finishHead()
        return try #require(head)
    }

    @Test("Prepared pieces are copied where they mean the same, and nowhere else")
    func copies() throws {
        let body = prepared("body", nil, in: "jabber:client", text: "hi")
        let event = prepared("event", "urn:e", in: "jabber:client")
        let head = try head("message", nil, in: "jabber:client", to: "a'b")
        var writer = XMLWriter(defaultNamespace: "jabber:client")
        var taken = [writer.raw(head, body), writer.raw(head, event)]
        #expect(writer.count == 2 * head.count + body.count + event.count)
        writer.start("x", namespace: "urn:x")
        taken += [writer.raw(body), writer.raw(head, event), writer.raw(event)]
        #expect(taken == [true, true, false, false, true])
        let text = String(decoding: writer.take(), as: UTF8.self)
        #expect(
            text
                == "<message to='a&apos;b'><body>hi</body></message><message to='a&apos;b'><event xmlns='urn:e'/></message>"
                + "<x xmlns='urn:x'><event xmlns='urn:e'/></x>")
    }

    @Test("A head in its own namespace takes content of that namespace only")
    func headNamespace() throws {
        let head = try head("a", "v", in: "u")
        var writer = XMLWriter(defaultNamespace: "u")
        let taken = [writer.raw(head, prepared("b", nil, in: "v")), writer.raw(head, prepared("c", nil, in: "u"))]
        #expect(taken == [true, false])
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "<a xmlns='v'><b/></a>")
    }

    @Test("What was copied in needs the same namespace as before")
    func nested() {
        var writer = XMLWriter(defaultNamespace: "u")
        writer.raw(prepared("a", nil, in: "u"))
        let again = writer.finish()
        var other = XMLWriter(defaultNamespace: "v")
        let taken = other.raw(again)
        #expect(!taken)
    }

    @Test("Only one open start tag without content is a head")
    func noHead() {
        var writer = XMLWriter()
        var heads = [writer.finishHead()]
        writer.start("a")
        writer.start("b")
        heads.append(writer.finishHead())
        writer.removeAll()
        writer.start("a")
        writer.text("")
        heads.append(writer.finishHead())
        writer.removeAll()
        writer.text("x")
        writer.start("a")
        heads.append(writer.finishHead())
        #expect(heads.allSatisfy { $0 == nil })
    }

    @Test("Ten thousand copies are ten thousand stanzas")
    func manyCopies() throws {
        let content = prepared("event", "urn:e", in: "jabber:client", text: String(repeating: "x", count: 200))
        var writer = XMLWriter(defaultNamespace: "jabber:client")
        let heads = try (0..<100).map { try head("message", nil, in: "jabber:client", to: "user\($0)") }
        for _ in 0..<100 { for head in heads { writer.raw(head, content) } }
        let outcome = Outcome([Array("<s xmlns='jabber:client'>".utf8), writer.take()])
        #expect(outcome.stanzas.count == 10_000)
        #expect(outcome.stanzas.last?["to"] == "user99")
        #expect(outcome.failure == nil)
    }
}
