// SPDX-License-Identifier: Apache-2.0
import StationDigest
import XMLStream
import XMPPCore
import XMPPTransport

/// From the first byte to a bound address (RFC 6120 §4–7) as a value: events in, actions out; no socket, no clock.
struct ClientNegotiation: Sendable {
    /// What to do next, in this order.
    enum Action: Hashable, Sendable {
        /// Open a new stream with this start tag; what was read of the old one is forgotten.
        case open(String)
        case send(Element)
        /// Put TLS on the connection.
        case startTLS
        /// Compute away from the event loop, then tell ``derived(_:)``.
        case derive(SCRAM.Derivation)
        /// Ready; this is our address.
        case ready(JID)
        case fail(ClientError)
    }

    /// What is known before connecting.
    struct Plan: Sendable {
        var jid: JID
        var security: ClientConfiguration.Security
        var credentials: ClientConfiguration.Credentials
        var resource: String?
        /// 128 random bits, as text, three times.
        var nonce: String
        var bindID: String
        var sessionID: String
    }

    private enum State: Sendable {
        case idle
        case awaitingHeader(Phase)
        case awaitingFeatures(Phase)
        case awaitingProceed
        case authenticating(SASLExchange)
        case awaitingBind(needsSession: Bool)
        case awaitingSession(JID)
        case over
    }

    /// How far the stream is: each phase has a stream of its own.
    private enum Phase: Sendable { case plain, secured, authenticated }

    private let plan: Plan
    private var state = State.idle

    init(_ plan: Plan) { self.plan = plan }

    private mutating func open(_ phase: Phase) -> Action {
        state = .awaitingHeader(phase)
        return .open(StreamOpening.tag(content: Namespaces.client, to: plan.jid.domain, version: "1.0"))
    }

    private mutating func fail(_ error: ClientError) -> [Action] {
        state = .over
        return [.fail(error)]
    }

    // MARK: Events

    /// The connection is up (with direct TLS: TLS has been started).
    mutating func connected() -> [Action] {
        guard case .idle = state else { return [] }
        return [open(plan.security == .startTLS ? .plain : .secured)]
    }

    /// The server's stream header.
    mutating func opened(_ name: XMLName, _ attributes: [String: String]) -> [Action] {
        guard case .awaitingHeader(let phase) = state else {
            if case .over = state { return [] }
            return fail(.violation("opened a stream inside a stream"))
        }
        guard name == XMLName("stream", Namespaces.streams),
            attributes["xmlns"] ?? Namespaces.client == Namespaces.client
        else { return fail(.violation("does not speak XMPP for clients; check the port")) }
        state = .awaitingFeatures(phase)
        return []
    }

    /// A complete element of the stream.
    mutating func received(_ element: Element) -> [Action] {
        if case .over = state { return [] }
        if let error = StreamError(element) { return fail(.stream(error)) }
        switch state {
        case .awaitingFeatures(let phase):
            guard element.name == XMLName("features", Namespaces.streams) else {
                return fail(.violation("sent something else than the features of the stream"))
            }
            return features(element, phase)
        case .awaitingProceed: return proceed(element)
        case .authenticating(let exchange): return login(element, exchange)
        case .awaitingBind(let needsSession): return bound(element, needsSession: needsSession)
        case .awaitingSession(let jid): return session(element, jid)
        case .idle, .awaitingHeader: return fail(.violation("sent an element outside of a stream"))
        case .over: return []
        }
    }

    /// The derivation is done.
    mutating func derived(_ saltedPassword: [UInt8]) -> [Action] {
        guard case .authenticating(var exchange) = state, let step = exchange.derived(saltedPassword) else { return [] }
        return take(step, exchange)
    }

    /// The server ended the stream or the connection.
    mutating func ended() -> [Action] {
        if case .over = state { return [] }
        return fail(ClientError(.closed, "the server closed the connection during the login"))
    }

    // MARK: Steps

    private mutating func features(_ features: Element, _ phase: Phase) -> [Action] {
        switch phase {
        case .plain:
            guard features.firstChild(XMLName("starttls", Namespaces.startTLS)) != nil else {
                return fail(ClientError(.tls, "the server offers no STARTTLS"))
            }
            state = .awaitingProceed
            return [.send(Element(XMLName("starttls", Namespaces.startTLS)))]
        case .secured: return authenticate(features)
        case .authenticated: return bind(features)
        }
    }

    private mutating func proceed(_ element: Element) -> [Action] {
        guard element.name == XMLName("proceed", Namespaces.startTLS) else {
            return fail(ClientError(.tls, "the server refused STARTTLS"))
        }
        return [.startTLS, open(.secured)]
    }

    private mutating func authenticate(_ features: Element) -> [Action] {
        let offer = features.firstChild(XMLName("mechanisms", Namespaces.sasl))?.elements ?? []
        let mechanisms = offer.filter { $0.name == XMLName("mechanism", Namespaces.sasl) }.map(\.text)
        do throws(ClientError) {
            let exchange = try SASLExchange(
                plan.credentials, jid: plan.jid, offered: mechanisms, nonce: plan.nonce)
            state = .authenticating(exchange)
            let response = exchange.initialResponse.map(Self.encoded) ?? ""
            return [.send(Element(Self.name("auth"), ["mechanism": exchange.mechanism], text: response))]
        } catch { return fail(error) }
    }

    private mutating func login(_ element: Element, _ exchange: SASLExchange) -> [Action] {
        var exchange = exchange
        do throws(ClientError) {
            switch element.name {
            case Self.name("challenge"):
                return take(try exchange.challenged(try Self.decoded(element.text) ?? ""), exchange)
            case Self.name("success"):
                try exchange.succeeded(try Self.decoded(element.text))
                return [open(.authenticated)]
            case Self.name("failure"):
                let text = element.firstChild(Self.name("text"))?.text ?? ""
                let condition = element.elements.first { $0.name != Self.name("text") }?.name.local
                throw .refused(condition ?? "not-authorized", text)
            default: throw .violation("sent something else than the next step of the login")
            }
        } catch { return fail(error) }
    }

    private mutating func take(_ step: SASLExchange.Step, _ exchange: SASLExchange) -> [Action] {
        state = .authenticating(exchange)
        switch step {
        case .derive(let derivation): return [.derive(derivation)]
        case .respond(let text):
            return [.send(Element(Self.name("response"), text: text.isEmpty ? "" : Base64.encode(Array(text.utf8))))]
        }
    }

    private mutating func bind(_ features: Element) -> [Action] {
        guard features.firstChild(XMLName("bind", Namespaces.bind)) != nil else {
            return fail(.violation("offers no resource binding"))
        }
        let session = features.firstChild(XMLName("session", Namespaces.session))
        let needsSession = session.map { $0.firstChild(XMLName("optional", Namespaces.session)) == nil } ?? false
        state = .awaitingBind(needsSession: needsSession)
        let resource = plan.resource.map { [Element(XMLName("resource", Namespaces.bind), text: $0)] } ?? []
        return [request(plan.bindID, Element(XMLName("bind", Namespaces.bind), elements: resource))]
    }

    private mutating func bound(_ element: Element, needsSession: Bool) -> [Action] {
        if let error = failure(element, id: plan.bindID) { return fail(error) }
        let answer = element.firstChild(XMLName("bind", Namespaces.bind))?
            .firstChild(XMLName("jid", Namespaces.bind))?.text
        guard let answer, let jid = try? JID(answer), jid.resource != nil, jid.domain == plan.jid.domain else {
            return fail(.violation("bound no usable address"))
        }
        if case .anonymous = plan.credentials {
        } else if let localpart = plan.jid.localpart, jid.localpart != localpart {
            return fail(.violation("bound \(LogText.safe(answer)) instead of \(plan.jid.bare)"))
        }
        guard needsSession else {
            state = .over
            return [.ready(jid)]
        }
        state = .awaitingSession(jid)
        return [request(plan.sessionID, Element(XMLName("session", Namespaces.session)))]
    }

    private mutating func session(_ element: Element, _ jid: JID) -> [Action] {
        if let error = failure(element, id: plan.sessionID) { return fail(error) }
        state = .over
        return [.ready(jid)]
    }

    /// Why this is not the result of our request; nil if it is.
    private func failure(_ element: Element, id: String) -> ClientError? {
        guard element.name == XMLName("iq", Namespaces.client), element["id"] == id else {
            return .violation("sent something else than the answer to our request")
        }
        if element["type"] == "result" { return nil }
        let error = element.firstChild(XMLName("error", Namespaces.client)).flatMap { StanzaError($0) }
        return .stanza(error ?? StanzaError(.undefinedCondition, ""))
    }

    private func request(_ id: String, _ payload: Element) -> Action {
        .send(Element(XMLName("iq", Namespaces.client), ["type": "set", "id": id], elements: [payload]))
    }

    // MARK: SASL text

    private static func name(_ local: String) -> XMLName { XMLName(local, Namespaces.sasl) }

    /// RFC 6120 §6.4.2: `=` stands for an empty initial response.
    private static func encoded(_ text: String) -> String { text.isEmpty ? "=" : Base64.encode(Array(text.utf8)) }

    private static func decoded(_ text: String) throws(ClientError) -> String? {
        if text.isEmpty { return nil }
        if text == "=" { return "" }
        guard let bytes = Base64.decode(text), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .violation("sent a challenge that is no Base64 of UTF-8")
        }
        return decoded
    }
}
