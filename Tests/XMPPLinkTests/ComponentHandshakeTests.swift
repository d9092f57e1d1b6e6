// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream
import XMPPCore

@testable import XMPPComponent

@Suite("The handshake of a component, as dialogues")
struct ComponentHandshakeTests {
    /// What the server does.
    enum Event: Sendable {
        case connected
        case header([String: String])
        case foreignHeader
        case element(Element)
        case ended
    }
    /// What we do.
    enum Reaction: Hashable, Sendable {
        case sendHeader, sendProof, ready, nothing
        case fail(ComponentError.Code)
    }

    static let header = Event.header(["xmlns": Namespaces.component, "id": "3BF96D32", "from": "devices.example"])
    static let accepted = Event.element(Element(XMLName("handshake", Namespaces.component)))
    static func error(_ condition: StreamError.Condition) -> Event { .element(StreamError(condition, "why").element) }

    static let dialogues: [(name: String, [(Event, Reaction)])] = [
        ("all is well", [(.connected, .sendHeader), (header, .sendProof), (accepted, .ready)]),
        (
            "the secret is wrong",
            [
                (.connected, .sendHeader), (header, .sendProof), (error(.notAuthorized), .fail(.secretRefused)),
                (.ended, .nothing),
            ]
        ),
        (
            "the secret is wrong and nobody says so",
            [(.connected, .sendHeader), (header, .sendProof), (.ended, .fail(.secretRefused))]
        ),
        ("the name is taken", [(.connected, .sendHeader), (header, .sendProof), (error(.conflict), .fail(.conflict))]),
        (
            "the name is unknown",
            [(.connected, .sendHeader), (header, .sendProof), (error(.hostUnknown), .fail(.hostUnknown))]
        ),
        (
            "the name is unknown and the header has no id",
            [(.connected, .sendHeader), (.header([:]), .nothing), (error(.hostUnknown), .fail(.hostUnknown))]
        ),
        (
            "a header without id and then an answer",
            [(.connected, .sendHeader), (.header([:]), .nothing), (accepted, .fail(.notComponentPort))]
        ),
        (
            "a client port",
            [(.connected, .sendHeader), (.header(["xmlns": Namespaces.client, "id": "1"]), .fail(.notComponentPort))]
        ),
        ("no XMPP at all", [(.connected, .sendHeader), (.foreignHeader, .fail(.notComponentPort))]),
        (
            "a stanza before the answer",
            [
                (.connected, .sendHeader), (header, .sendProof),
                (.element(Element(XMLName("iq", Namespaces.component))), .fail(.brokenStream)), (accepted, .nothing),
            ]
        ),
        ("two headers", [(.connected, .sendHeader), (header, .sendProof), (header, .fail(.brokenStream))]),
        (
            "a header after the answer",
            [
                (.connected, .sendHeader), (header, .sendProof), (accepted, .ready), (header, .fail(.brokenStream)),
            ]
        ),
        ("an element before the header", [(.connected, .sendHeader), (accepted, .fail(.notComponentPort))]),
        ("the server is busy", [(.connected, .sendHeader), (.ended, .fail(.closed))]),
        (
            "taken over later",
            [
                (.connected, .sendHeader), (header, .sendProof), (accepted, .ready),
                (error(.conflict), .fail(.conflict)),
                (.ended, .nothing),
            ]
        ),
        (
            "thrown out later",
            [
                (.connected, .sendHeader), (header, .sendProof), (accepted, .ready),
                (error(.notAuthorized), .fail(.streamError)),
            ]
        ),
        (
            "a server restart",
            [
                (.connected, .sendHeader), (header, .sendProof), (accepted, .ready), (.ended, .fail(.closed)),
            ]
        ),
        (
            "a very long id",
            [
                (.connected, .sendHeader),
                (.header(["xmlns": Namespaces.component, "id": String(repeating: "x", count: 1025)]), .nothing),
                (.ended, .fail(.closed)),
            ]
        ),
        ("connected twice", [(.connected, .sendHeader), (.connected, .nothing), (header, .sendProof)]),
    ]

    @Test("The dialogue", arguments: dialogues.indices)
    func dialogue(index: Int) {
        let (name, steps) = Self.dialogues[index]
        var handshake = ComponentHandshake(domain: "devices.example", secret: "test")
        for (number, (event, expected)) in steps.enumerated() {
            let action =
                switch event {
                case .connected: handshake.connected()
                case .header(let attributes):
                    handshake.opened(name: XMLName("stream", Namespaces.streams), attributes: attributes)
                case .foreignHeader: handshake.opened(name: XMLName("html", ""), attributes: [:])
                case .element(let element): handshake.received(element)
                case .ended: handshake.ended()
                }
            let reaction: Reaction =
                switch action {
                case .open: .sendHeader
                case .send: .sendProof
                case .ready: .ready
                case .fail(let error): .fail(error.code)
                case .ignore: .nothing
                }
            #expect(reaction == expected, "\(name), step \(number + 1)")
        }
    }

    @Test("The proof is the SHA-1 of id and secret, in lower-case digits (XEP-0114, example 3)")
    func proof() {
        #expect(
            ComponentHandshake.proof(streamID: "3BF96D32", secret: "test") == "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"
        )
    }

    @Test("Sentences say what to check, and never hold the secret")
    func sentences() {
        let cases: [StreamError.Condition: String] = [
            .notAuthorized: "does not accept the component secret for devices.example; check",
            .conflict: "a component named devices.example is connected already",
            .hostUnknown: "knows no component named devices.example",
            .policyViolation: "policy-violation",
        ]
        for (condition, part) in cases {
            let error = ComponentError.stream(
                StreamError(condition, "line\nbreak"), domain: "devices.example", duringHandshake: true)
            #expect(error.sentence.contains(part))
            #expect(!error.sentence.contains("\n"))
        }
    }
}
