// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// An error that is answered to a stanza (RFC 6120 §8.3). The stream goes on.
public struct StanzaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the sender may do about it (RFC 6120 §8.3.2).
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Try again with credentials.
        case auth
        /// Do not try again.
        case cancel
        /// Go on: it was only a warning.
        case `continue`
        /// Try again with other data.
        case modify
        /// Try again later.
        case wait
    }

    /// The defined conditions (RFC 6120 §8.3.3).
    public enum Condition: String, Hashable, Sendable, CaseIterable {
        /// The stanza is malformed, or its payload is.
        case badRequest = "bad-request"
        /// Something with that name or address is there already.
        case conflict
        /// Nobody here can do that.
        case featureNotImplemented = "feature-not-implemented"
        /// The sender may not do that.
        case forbidden
        /// The addressee is no longer here.
        case gone
        /// A fault of ours.
        case internalServerError = "internal-server-error"
        /// There is nothing of that name.
        case itemNotFound = "item-not-found"
        /// An address is none.
        case jidMalformed = "jid-malformed"
        /// The stanza is understood but breaks a rule of ours.
        case notAcceptable = "not-acceptable"
        /// Nobody may do that.
        case notAllowed = "not-allowed"
        /// The sender must show credentials first.
        case notAuthorized = "not-authorized"
        /// Too large, too often, or otherwise against local policy.
        case policyViolation = "policy-violation"
        /// The addressee is away for now.
        case recipientUnavailable = "recipient-unavailable"
        /// Ask somebody else.
        case redirect
        /// The sender must register first.
        case registrationRequired = "registration-required"
        /// There is no such server.
        case remoteServerNotFound = "remote-server-not-found"
        /// The other server does not answer.
        case remoteServerTimeout = "remote-server-timeout"
        /// Too much to do at the moment.
        case resourceConstraint = "resource-constraint"
        /// That service is not offered here.
        case serviceUnavailable = "service-unavailable"
        /// The sender must subscribe first.
        case subscriptionRequired = "subscription-required"
        /// None of the others; the application condition says more.
        case undefinedCondition = "undefined-condition"
        /// Not at this time, or not in this order.
        case unexpectedRequest = "unexpected-request"

        /// The type that RFC 6120 §8.3.3 gives the condition; the first where it leaves a choice.
        public var kind: Kind {
            switch self {
            case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: .auth
            case .badRequest, .jidMalformed, .notAcceptable, .policyViolation, .redirect: .modify
            case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint, .unexpectedRequest: .wait
            case .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound, .notAllowed,
                .remoteServerNotFound, .serviceUnavailable, .undefinedCondition:
                .cancel
            }
        }
    }

    /// What the sender may do about it.
    public var kind: Kind
    /// What went wrong, for programs.
    public var condition: Condition
    /// What went wrong, for people; empty when nothing is said.
    public var text: String
    /// A more precise condition of an application's own (RFC 6120 §8.3.4).
    public var application: Element?

    /// An error; without a kind it has the one RFC 6120 gives the condition.
    public init(_ condition: Condition, _ text: String = "", kind: Kind? = nil, application: Element? = nil) {
        self.condition = condition
        self.text = text
        self.kind = kind ?? condition.kind
        self.application = application
    }

    /// The condition, and the sentence if there is one.
    public var description: String { text.isEmpty ? condition.rawValue : "\(condition.rawValue): \(text)" }
}

extension StanzaError {
    private static let textName = XMLName("text", Namespaces.stanzaErrors)

    /// The `<error/>` child of a stanza.
    public var element: Element {
        var element = Element(XMLName("error", Namespaces.client), ["type": kind.rawValue])
        element.append(Element(XMLName(condition.rawValue, Namespaces.stanzaErrors)))
        if !text.isEmpty { element.append(Element(Self.textName, text: text)) }
        if let application { element.append(application) }
        return element
    }

    /// Reads an `<error/>`; nil when the element is not one.
    ///
    /// Lenient, as a received error is never answered: a condition nobody knows is
    /// `undefined-condition`, an unknown type is the one of the condition.
    public init?(_ element: Element) {
        guard element.name.local == "error", StanzaNames.belongsToStanza(element.name) else { return nil }
        var condition: Condition?
        var text = ""
        var application: Element?
        for child in element.elements {
            if child.name == Self.textName {
                text = child.text
            } else if child.name.namespace == Namespaces.stanzaErrors {
                condition = condition ?? Condition(rawValue: child.name.local)
            } else {
                application = application ?? child
            }
        }
        self.init(
            condition ?? .undefinedCondition, text,
            kind: element["type"].flatMap(Kind.init(rawValue:)), application: application)
    }

    /// Reads an `<error/>` of a received stanza; nil when the element is not one.
    public init?(_ element: XMLElement) {
        self.init(element.element)
    }
}
