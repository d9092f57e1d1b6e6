// SPDX-License-Identifier: Apache-2.0
import StationDigest
import Testing
import XMLStream
import XMPPCore

@testable import XMPPClient

@Suite("The login of a client, as dialogues")
struct ClientNegotiationTests {
    private typealias Action = ClientNegotiation.Action

    private func plan(
        _ credentials: ClientConfiguration.Credentials, _ security: ClientConfiguration.Security = .directTLS,
        jid: String = "user@example.org", resource: String? = nil
    ) throws -> ClientNegotiation {
        ClientNegotiation(
            .init(
                jid: try JID(jid), security: security, credentials: credentials, resource: resource,
                nonce: "rOprNGfwEbeRWgbNEkqO", bindID: "bind-id", sessionID: "session-id"))
    }

    private func header(_ negotiation: inout ClientNegotiation) {
        let actions = negotiation.opened(
            XMLName("stream", Namespaces.streams), ["xmlns": Namespaces.client, "id": "1"])
        #expect(actions.isEmpty)
    }

    private func features(_ mechanisms: [String]) -> Element {
        let list = mechanisms.map { Element(XMLName("mechanism", Namespaces.sasl), text: $0) }
        return Element(
            XMLName("features", Namespaces.streams),
            elements: [Element(XMLName("mechanisms", Namespaces.sasl), elements: list)])
    }

    private func sasl(_ name: String, _ text: String) -> Element {
        Element(XMLName(name, Namespaces.sasl), text: text.isEmpty ? "" : Base64.encode(Array(text.utf8)))
    }

    private func bindFeatures(session: String?) -> Element {
        var elements = [Element(XMLName("bind", Namespaces.bind))]
        if let session {
            let optional = Element(XMLName("optional", Namespaces.session))
            elements.append(
                Element(XMLName("session", Namespaces.session), elements: session == "optional" ? [optional] : []))
        }
        return Element(XMLName("features", Namespaces.streams), elements: elements)
    }

    private func result(_ id: String, jid: String? = nil) -> Element {
        let bind = jid.map {
            [Element(XMLName("bind", Namespaces.bind), elements: [Element(XMLName("jid", Namespaces.bind), text: $0)])]
        }
        return Element(XMLName("iq", Namespaces.client), ["type": "result", "id": id], elements: bind ?? [])
    }

    private func failure(_ actions: [Action]) -> ClientError.Code? {
        guard case .fail(let error)? = actions.last else { return nil }
        return error.code
    }

    private func sent(_ actions: [Action]) -> Element? {
        guard case .send(let element)? = actions.last else { return nil }
        return element
    }

    /// A negotiation with EXTERNAL, as far as the features after the login.
    private func loggedIn(resource: String? = nil) throws -> ClientNegotiation {
        var negotiation = try plan(.certificate(chainPEM: "", keyPEM: ""), resource: resource)
        _ = negotiation.connected()
        header(&negotiation)
        let auth = sent(negotiation.received(features(["SCRAM-SHA-1", "EXTERNAL"])))
        #expect(auth?["mechanism"] == "EXTERNAL")
        #expect(auth?.text == "=", "RFC 6120 §6.4.2: an empty initial response")
        guard case .open? = negotiation.received(sasl("success", "")).last else {
            Issue.record("no new stream after the login")
            return negotiation
        }
        header(&negotiation)
        return negotiation
    }

    @Test("STARTTLS first, then SCRAM-SHA-256 with the server's proof, then binding")
    func whole() throws {
        var negotiation = try plan(.password("pencil"), .startTLS, resource: "agent")
        guard case .open(let tag)? = negotiation.connected().last else { throw Unexpected(what: "no stream") }
        #expect(tag.contains("to='example.org'"))
        header(&negotiation)
        let offer = Element(
            XMLName("features", Namespaces.streams), elements: [Element(XMLName("starttls", Namespaces.startTLS))])
        #expect(sent(negotiation.received(offer))?.name == XMLName("starttls", Namespaces.startTLS))
        let proceed = negotiation.received(Element(XMLName("proceed", Namespaces.startTLS)))
        #expect(proceed.first == .startTLS)
        #expect(proceed.count == 2)
        header(&negotiation)
        let auth = sent(negotiation.received(features(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"])))
        #expect(auth?["mechanism"] == "SCRAM-SHA-256")
        #expect(auth.flatMap { Base64.decode($0.text) } == Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
        let vector = SCRAMTests.vectors[1]
        guard case .derive(let derivation)? = negotiation.received(sasl("challenge", vector.serverFirst)).last else {
            throw Unexpected(what: "nothing to derive")
        }
        let response = sent(negotiation.derived(derivation.run()))
        #expect(response?.name == XMLName("response", Namespaces.sasl))
        #expect(response.flatMap { Base64.decode($0.text) } == Array(vector.clientFinal.utf8))
        guard case .open? = negotiation.received(sasl("success", vector.serverFinal)).last else {
            throw Unexpected(what: "no new stream")
        }
        header(&negotiation)
        let bind = sent(negotiation.received(bindFeatures(session: "optional")))
        #expect(bind?.elements.first?.elements.first?.text == "agent")
        #expect(
            negotiation.received(result("bind-id", jid: "user@example.org/agent")) == [
                .ready(try JID("user@example.org/agent"))
            ])
        #expect(negotiation.ended().isEmpty)
    }

    @Test("A server that lets us in without proving itself is refused", arguments: ["", "v=AAAA", "e=other-error"])
    func falseServer(final: String) throws {
        var negotiation = try plan(.password("pencil"))
        _ = negotiation.connected()
        header(&negotiation)
        _ = negotiation.received(features(["SCRAM-SHA-256"]))
        #expect(failure(negotiation.received(sasl("success", final))) == .protocolViolation, "before any proof")
        negotiation = try plan(.password("pencil"))
        _ = negotiation.connected()
        header(&negotiation)
        _ = negotiation.received(features(["SCRAM-SHA-256"]))
        let vector = SCRAMTests.vectors[1]
        guard case .derive(let derivation)? = negotiation.received(sasl("challenge", vector.serverFirst)).last else {
            throw Unexpected(what: "nothing to derive")
        }
        _ = negotiation.derived(derivation.run())
        #expect(failure(negotiation.received(sasl("success", final))) != nil)
    }

    @Test("The proof may come as a last challenge")
    func lateProof() throws {
        var negotiation = try plan(.password("pencil"))
        _ = negotiation.connected()
        header(&negotiation)
        _ = negotiation.received(features(["SCRAM-SHA-256"]))
        let vector = SCRAMTests.vectors[1]
        guard case .derive(let derivation)? = negotiation.received(sasl("challenge", vector.serverFirst)).last else {
            throw Unexpected(what: "nothing to derive")
        }
        _ = negotiation.derived(derivation.run())
        #expect(sent(negotiation.received(sasl("challenge", vector.serverFinal)))?.text == "")
        guard case .open? = negotiation.received(sasl("success", "")).last else {
            throw Unexpected(what: "no new stream")
        }
    }

    static let offers: [(ClientConfiguration.Credentials, [String], String?)] = [
        (.password("x"), ["SCRAM-SHA-1", "PLAIN"], "SCRAM-SHA-1"), (.password("x"), ["PLAIN", "DIGEST-MD5"], nil),
        (.password("x"), ["SCRAM-SHA-1-PLUS"], nil), (.password("x"), [], nil),
        (.anonymous, ["ANONYMOUS"], "ANONYMOUS"),
        (.anonymous, ["EXTERNAL"], nil), (.certificate(chainPEM: "", keyPEM: ""), ["SCRAM-SHA-1"], nil),
    ]

    @Test("The mechanism fits our credentials and the offer, and is never PLAIN", arguments: offers.indices)
    func mechanism(index: Int) throws {
        let (credentials, offered, expected) = Self.offers[index]
        var negotiation = try plan(credentials)
        _ = negotiation.connected()
        header(&negotiation)
        let actions = negotiation.received(features(offered))
        #expect(sent(actions)?["mechanism"] == expected)
        if expected == nil { #expect(failure(actions) == .authentication(condition: "invalid-mechanism")) }
    }

    @Test("A refusal names its condition")
    func refused() throws {
        var negotiation = try plan(.anonymous)
        _ = negotiation.connected()
        header(&negotiation)
        #expect(sent(negotiation.received(features(["ANONYMOUS"])))?.text == "")
        let refusal = Element(
            XMLName("failure", Namespaces.sasl),
            elements: [
                Element(XMLName("account-disabled", Namespaces.sasl)),
                Element(XMLName("text", Namespaces.sasl), text: "away"),
            ])
        guard case .fail(let error)? = negotiation.received(refusal).last else { throw Unexpected(what: "no refusal") }
        #expect(error.authenticationCondition == "account-disabled")
        #expect(error.sentence.contains("away"))
    }

    @Test("Without an offer of STARTTLS, or with a refusal, nothing is sent in the clear")
    func noTLS() throws {
        for answer in [features(["SCRAM-SHA-256"]), nil] {
            var negotiation = try plan(.password("pencil"), .startTLS)
            _ = negotiation.connected()
            header(&negotiation)
            if let answer {
                #expect(failure(negotiation.received(answer)) == .tls)
            } else {
                let offer = Element(
                    XMLName("features", Namespaces.streams),
                    elements: [Element(XMLName("starttls", Namespaces.startTLS))])
                _ = negotiation.received(offer)
                #expect(failure(negotiation.received(Element(XMLName("failure", Namespaces.startTLS)))) == .tls)
            }
        }
    }

    @Test("An old server that requires a session gets it")
    func session() throws {
        var negotiation = try loggedIn()
        let bind = sent(negotiation.received(bindFeatures(session: "required")))
        #expect(bind?.elements.first?.elements.isEmpty == true, "no resource asked for")
        let session = sent(negotiation.received(result("bind-id", jid: "user@example.org/1")))
        #expect(session?["id"] == "session-id")
        #expect(negotiation.received(result("session-id")) == [.ready(try JID("user@example.org/1"))])
    }

    @Test(
        "Only an address of ours counts as bound",
        arguments: [
            "user@example.org", "user@evil.example/x", "other@example.org/x", "", "@/", "example.org/x",
        ])
    func badAddress(jid: String) throws {
        var negotiation = try loggedIn()
        _ = negotiation.received(bindFeatures(session: nil))
        #expect(failure(negotiation.received(result("bind-id", jid: jid))) == .protocolViolation)
    }

    @Test("An error of binding, a wrong id and a stream error are told")
    func bindErrors() throws {
        var negotiation = try loggedIn()
        _ = negotiation.received(bindFeatures(session: nil))
        var refusal = result("bind-id")
        refusal["type"] = "error"
        refusal.append(StanzaError(.conflict).element)
        guard case .fail(let error)? = negotiation.received(refusal).last else { throw Unexpected(what: "no error") }
        #expect(error.stanzaError?.condition == .conflict)
        negotiation = try loggedIn()
        _ = negotiation.received(bindFeatures(session: nil))
        #expect(failure(negotiation.received(result("other", jid: "user@example.org/x"))) == .protocolViolation)
        negotiation = try loggedIn()
        guard case .fail(let stream)? = negotiation.received(StreamError(.hostGone, "moved").element).last else {
            throw Unexpected(what: "no error")
        }
        #expect(stream.streamError == StreamError(.hostGone, "moved"))
    }

    @Test("A connection that ends is told once, at every step")
    func ended() throws {
        var negotiation = try loggedIn()
        #expect(failure(negotiation.ended()) == .closed)
        #expect(negotiation.ended().isEmpty)
        #expect(negotiation.received(bindFeatures(session: nil)).isEmpty)
        #expect(negotiation.derived([]).isEmpty)
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
}
