// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// Decides what becomes of each stanza: answered at once, handed to the core, or dropped.
///
/// A value without state of its own: it is filled when the program starts and then only read, on the
/// network thread.
public struct Router: Sendable {
    /// A stateless answer: the payload of the result, or a refusal.
    public typealias Answer = @Sendable (Stanza) throws(StanzaError) -> Element?

    /// What a deciding answer makes of a request.
    public enum Decision: Sendable {
        /// Answered here, with this payload.
        case result(Element?)
        /// Answered by the core.
        case core
        /// Treated as if this one had come by itself.
        case inner(Stanza)
    }

    /// What becomes of a stanza.
    public enum Route: Sendable {
        /// Send this, and nothing more is to be done.
        case reply(OutgoingStanza)
        /// The core handles it; it may be one that was unwrapped from another.
        case core(Stanza)
        /// Nothing is to be done.
        case ignore
    }

    enum Handler: Sendable {
        case answer(Answer)
        case decide(@Sendable (Stanza, Router) throws(StanzaError) -> Decision)
        case forward
    }

    /// What is answered to one type of request. Names stand apart from the rest, since every
    /// request is compared with them.
    struct Table: Sendable {
        var payloads: [XMLName] = []
        var handlers: [Handler] = []
        var owners: [String] = []
    }

    private(set) var gets = Table()
    private(set) var sets = Table()
    private(set) var messagePayloads: [XMLName] = []
    private var advertised: Set<String> = []
    private var followed: Set<Specification> = []
    private var owner = "the program"

    /// Who the component says it is, in the order of registration.
    public private(set) var identities: [DiscoInfo.Identity] = []

    /// Payloads that were registered twice outside of ``add(_:)``; empty in a program that may start.
    public private(set) var conflicts: [RouterError] = []

    /// Our domain, prepared. When it is set, a stanza that names no sender, or is not to this domain
    /// or one of its twins, is dropped: an answer would have a `from` that is not ours, for which the
    /// server closes the component stream.
    public var domain: String?

    /// A router that answers nothing yet.
    public init() {}

    /// The namespaces advertised by service discovery, sorted.
    public var features: [String] { advertised.sorted() }

    /// The documents that the added features follow, sorted.
    public var specifications: [Specification] { followed.sorted() }
}

extension Router {
    /// Adds a feature. Two answers for one payload are an error that names both features, and
    /// nothing is changed.
    public mutating func add(_ feature: some Feature) throws(RouterError) {
        var copy = self
        copy.conflicts = []
        copy.owner = String(describing: type(of: feature))
        feature.register(on: &copy)
        if let conflict = copy.conflicts.first { throw conflict }
        copy.followed.formUnion(type(of: feature).specifications)
        copy.owner = owner
        copy.conflicts = conflicts
        self = copy
    }

    /// Answers requests with this payload on the network thread. The answer must need no state, and
    /// returns the payload of the result; what it throws is the refusal.
    public mutating func on(
        _ type: IQType, _ payload: XMLName, advertise: Bool = true, _ answer: @escaping Answer
    ) {
        register(type, payload, advertise: advertise, .answer(answer))
    }

    /// Lets the answer decide, per request, who answers. It sees the router, for service discovery.
    public mutating func decide(
        _ type: IQType, _ payload: XMLName, advertise: Bool = true,
        by decision: @escaping @Sendable (Stanza, Router) throws(StanzaError) -> Decision
    ) {
        register(type, payload, advertise: advertise, .decide(decision))
    }

    /// Hands requests with this payload to the core. Payloads are compared in the order in which they
    /// were registered: what comes most often should come first.
    public mutating func forward(_ type: IQType, _ payload: XMLName, advertise: Bool = true) {
        register(type, payload, advertise: advertise, .forward)
    }

    /// Says that messages with this payload mean something to the core, and advertises its namespace.
    public mutating func forwardMessages(_ payload: XMLName) {
        if !messagePayloads.contains(payload) { messagePayloads.append(payload) }
        advertise(payload.namespace)
    }

    /// Lists a feature in service discovery that has no request of its own.
    public mutating func advertise(_ feature: String) {
        advertised.insert(feature)
    }

    /// Adds an identity of the component (XEP-0030 §3.1; categories and types are in the registry of
    /// disco identities).
    public mutating func identity(category: String, type: String, name: String? = nil) {
        let identity = DiscoInfo.Identity(category: category, type: type, name: name)
        if !identities.contains(identity) { identities.append(identity) }
    }

    private mutating func register(
        _ type: IQType, _ payload: XMLName, advertise: Bool, _ handler: Handler
    ) {
        let table = type == .get ? gets : sets
        if let index = table.payloads.firstIndex(of: payload) {
            conflicts.append(
                RouterError(type: type, payload: payload, first: table.owners[index], second: owner))
            return
        }
        switch type {
        case .get: gets.append(payload, handler, owner)
        case .set: sets.append(payload, handler, owner)
        }
        if advertise { advertised.insert(payload.namespace) }
    }
}

extension Router.Table {
    mutating func append(_ payload: XMLName, _ handler: Router.Handler, _ owner: String) {
        payloads.append(payload)
        handlers.append(handler)
        owners.append(owner)
    }

    /// Who handles this payload; nil when nobody does. Compares bytes and makes no string.
    func handler(for payload: XMLElement) -> Router.Handler? {
        var index = 0
        while index < payloads.count {
            if payload.isNamed(payloads[index]) { return handlers[index] }
            index += 1
        }
        return nil
    }
}
