// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI
import StationProtocol
import Testing
import XMLStream
import XMPPCore

@testable import StationAgent

@Suite struct EngravingTests {
    private func identity(_ folder: TemporaryFolder) throws -> StationIdentity {
        try StationIdentity(
            folder: folder.path + "/id", serial: "WX-1", model: "ws-1", hardware: "rev-b", component: "devices.localhost")
    }

    @Test func `engrave, prove, release: the unit ends with a usable identity`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try identity(folder)
        try await Engraver(identity).run(mixing: [1], over: component)
        #expect(component.asked == ["engrave", "prove", "release"])
        #expect(identity.state.phase == .released)
        let chain = try #require(try identity.certificates(.idevid))
        #expect(chain.count == 2)
        #expect(try chain[0].publicKey == identity.key(.idevid).publicKey)
        #expect(chain[0].xmppAddresses == ["wx-1@onboarding.localhost"])
        // A released unit is left alone.
        try await Engraver(identity).run(mixing: [], over: component)
        #expect(component.asked.count == 3)
    }

    @Test(arguments: 0..<3) func `a lost reply at any step is repeated with the same key`(lost: Int) async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        component.state.withLock { $0.loses = [lost] }
        let identity = try identity(folder)
        let error = await #expect(throws: AgentError.self) { try await Engraver(identity).run(mixing: [1], over: component) }
        #expect(error?.code == .unreachable)
        let key = try identity.key(.idevid).publicKey
        try await Engraver(identity).run(mixing: [2], over: component)
        #expect(identity.state.phase == .released)
        #expect(try identity.key(.idevid).publicKey == key)
        #expect(component.state.withLock { $0.issued.count } == 1)
        if lost == 2 { #expect(component.asked == ["engrave", "prove", "release", "release"]) }
    }

    @Test(arguments: [StanzaError.Condition.forbidden, .conflict, .resourceConstraint])
    func `a refusal ends it, and an overload may pass`(condition: StanzaError.Condition) async throws {
        let component = try HandMadeComponent()
        component.state.withLock { $0.refuses = [0: StanzaError(condition, "not allowed")] }
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let identity = try identity(folder)
        let error = await #expect(throws: AgentError.self) { try await Engraver(identity).run(mixing: [1], over: component) }
        #expect(error?.code == (condition == .resourceConstraint ? .unreachable : .refused))
        #expect(identity.state.phase == .factoryNew)
    }

    @Test func `a challenge for another component is not signed`() async throws {
        let component = try HandMadeComponent()
        component.state.withLock { $0.components = "evil.localhost" }
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let identity = try identity(folder)
        let error = await #expect(throws: AgentError.self) { try await Engraver(identity).run(mixing: [1], over: component) }
        #expect(error?.code == .protocolViolation)
        #expect(component.asked == ["engrave"])
    }

    private func dialogue(_ key: P256PrivateKey) throws -> Engraving {
        Engraving(
            serial: try Serial("WX-1"), model: "ws-1", hardware: "rev-b", component: try JID("devices.localhost"),
            publicKey: key.publicKey)
    }

    private func read(_ element: Element) throws -> XMLElement {
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        writer.write(element)
        return try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
    }

    private func challenge(
        _ key: P256PublicKey, purpose: String = "engrave", component: String = "devices.localhost", serial: String = "wx-1"
    ) throws -> XMLElement {
        let message = Challenge(
            purpose: purpose, component: component, station: "x@factory.localhost", serial: serial,
            keyIdentifier: key.keyIdentifier, nonce: [UInt8](repeating: 1, count: 32), expires: 5
        ).message
        return try read(ChallengePayload(message: message, expires: 5).element)
    }

    @Test func `the dialogue, step by step`() throws {
        let key = try P256PrivateKey()
        var dialogue = try dialogue(key)
        guard case .ask(let engrave) = dialogue.start(stored: nil) else { throw Unexpected() }
        #expect(try Engrave.decode(read(engrave)).publicKey == key.publicKey.point)
        guard case .sign(let message) = dialogue.received(try challenge(key.publicKey)) else { throw Unexpected() }
        #expect(Challenge(message: message)?.purpose == "engrave")
        guard case .ask(let prove) = dialogue.signed(try key.sign(message)) else { throw Unexpected() }
        #expect(try Prove.decode(read(prove)).csr == nil)
    }

    @Test func `a challenge for another key, purpose, component or serial is refused`() throws {
        let key = try P256PrivateKey()
        let wrong = [
            try challenge(P256PrivateKey().publicKey), try challenge(key.publicKey, purpose: "introduce"),
            try challenge(key.publicKey, component: "other.localhost"), try challenge(key.publicKey, serial: "wx-2"),
            try read(ChallengePayload(message: Array("sign this cheque".utf8), expires: 5).element),
        ]
        for challenge in wrong {
            var dialogue = try dialogue(key)
            _ = dialogue.start(stored: nil)
            guard case .fail(let error) = dialogue.received(challenge) else { throw Unexpected() }
            #expect(error.code == .protocolViolation)
        }
    }

    /// What a unit does with a certificate for this key, serial and maker.
    private func judge(
        _ authority: CertificateAuthority, _ issued: P256PublicKey?, _ serial: String, maker: CertificateAuthority
    ) throws -> Engraving.Action {
        let key = try P256PrivateKey()
        let leaf = try authority.issue(
            publicKey: issued ?? key.publicKey, commonName: serial, serialNumber: serial,
            xmppAddresses: ["wx-1@onboarding.localhost"], uris: [], notBefore: HandMadeComponent.now,
            notAfter: HandMadeComponent.now + 86_400)
        var dialogue = try dialogue(key)
        _ = dialogue.start(stored: nil)
        guard case .sign(let message) = dialogue.received(try challenge(key.publicKey)) else { throw Unexpected() }
        _ = dialogue.signed(try key.sign(message))
        let answer = Engraved(
            serial: try Serial("WX-1"), certificates: [leaf.der, maker.certificate.der],
            receipt: EnvelopeDocument(type: "engraving-receipt", payload: [1]))
        return dialogue.received(try read(answer.element))
    }

    @Test func `only a certificate for this key and serial, by the maker beside it, is stored`() throws {
        let component = try HandMadeComponent()
        let maker = component.maker
        guard case .store = try judge(maker, nil, "wx-1", maker: maker) else { throw Unexpected() }
        for action in [
            try judge(maker, P256PrivateKey().publicKey, "WX-1", maker: maker),
            try judge(maker, nil, "WX-2", maker: maker), try judge(component.owner, nil, "WX-1", maker: maker),
        ] {
            guard case .fail(let error) = action else { throw Unexpected() }
            #expect(error.code == .credentials)
        }
    }

    @Test func `events out of turn fail and never trap`() throws {
        let key = try P256PrivateKey()
        var dialogue = try dialogue(key)
        guard case .fail = dialogue.signed([1]) else { throw Unexpected() }
        guard case .fail = dialogue.received(nil) else { throw Unexpected() }
        guard case .fail = dialogue.start(stored: nil) else { throw Unexpected() }
        #expect(!dialogue.isDone)
    }
}

/// A dialogue took another turn than the test expects.
struct Unexpected: Error {}
