// SPDX-License-Identifier: Apache-2.0

import XMLStream

extension Router {
    /// Decides what becomes of a stanza.
    ///
    /// - A request that breaks RFC 6120 §8.2.3 is refused with `bad-request`: no or unknown type, no
    ///   `id`, not exactly one payload.
    /// - An unknown payload is refused with `service-unavailable`, an unknown kind in our own
    ///   namespace with `feature-not-implemented`.
    /// - Answers go to the core; malformed ones are dropped. An answer or error is never answered.
    /// - Messages and presence go to the core; presence of unknown type is refused.
    /// - A request or message whose content passed a limit of the stream and was left out is refused with
    ///   `policy-violation`.
    /// - What is not addressed to our ``domain`` is dropped.
    public func route(_ stanza: Stanza) -> Route {
        if let domain {
            guard stanza.from != nil, let to = stanza.to, to.isInDomain(domain) else { return .ignore }
        }
        switch stanza.kind {
        case .message:
            return stanza.wasRefused ? refuse(stanza, Self.tooMuch) : .core(stanza)
        case .presence:
            guard StanzaNames.presenceTypes.contains(stanza.type) else {
                return refuse(stanza, StanzaError(.badRequest, "unknown type of presence"))
            }
            return .core(stanza)
        case .iq:
            return stanza.isAnswer ? routeAnswer(stanza) : routeRequest(stanza)
        }
    }

    private static let tooMuch = StanzaError(.policyViolation, "the stanza is larger or deeper than is taken")

    private func routeAnswer(_ stanza: Stanza) -> Route {
        // Without its content an answer is none: whoever asked waits until it is given up.
        guard stanza.hasID, !stanza.wasRefused else { return .ignore }
        guard stanza.type == "result" else { return .core(stanza) }
        let (payload, isOnly) = stanza.onlyChild
        guard let payload else { return .core(stanza) }
        guard isOnly else { return .ignore }
        guard payload.isNamed(JSONStanza.name), stanza.outer == nil else { return .core(stanza) }
        do throws(StanzaError) {
            return .core(try JSONStanza.unwrap(stanza))
        } catch {
            return .ignore
        }
    }

    private func routeRequest(_ stanza: Stanza) -> Route {
        guard let type = stanza.request else {
            return refuse(stanza, StanzaError(.badRequest, "the type of an IQ is get, set, result or error"))
        }
        guard stanza.hasID else { return refuse(stanza, StanzaError(.badRequest, "an IQ needs an id")) }
        let (child, isOnly) = stanza.onlyChild
        guard let payload = child, isOnly else {
            return refuse(stanza, StanzaError(.badRequest, "an IQ that asks has exactly one payload"))
        }
        if let handler = (type == .get ? gets : sets).handler(for: payload) { return handle(stanza, handler) }
        guard !stanza.wasRefused else { return refuse(stanza, Self.tooMuch) }
        guard payload.namespace != Namespaces.stationmaster else {
            return refuse(stanza, StanzaError(.featureNotImplemented, "unknown kind of payload"))
        }
        return refuse(stanza, StanzaError(.serviceUnavailable))
    }

    private func handle(_ stanza: Stanza, _ handler: Handler) -> Route {
        do throws(StanzaError) {
            switch handler {
            case .forward: return .core(stanza)
            case .answer(let answer): return .reply(stanza.result(try answer(stanza)))
            case .decide(let decide):
                switch try decide(stanza, self) {
                case .result(let payload): return .reply(stanza.result(payload))
                case .core: return .core(stanza)
                case .inner(let inner): return route(inner)
                }
            }
        } catch {
            return refuse(stanza, error)
        }
    }

    private func refuse(_ stanza: Stanza, _ error: StanzaError) -> Route {
        stanza.error(error).map { .reply($0) } ?? .ignore
    }
}

extension Stanza {
    /// Whether there is an `id` that is not empty; no string is made.
    var hasID: Bool { element.withAttribute("id") { !$0.isEmpty } ?? false }

    /// The first child element, and whether it is the only one.
    var onlyChild: (child: XMLElement?, isOnly: Bool) {
        var first: XMLElement?
        for child in element.children {
            guard first == nil else { return (first, false) }
            first = child
        }
        return (first, first != nil)
    }
}
