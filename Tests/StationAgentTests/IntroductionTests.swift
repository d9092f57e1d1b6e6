// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOPosix
import StationModel
import StationPKI
import StationProtocol
import Testing
import XMLStream
import XMPPCore

@testable import StationAgent

@Suite struct IntroductionTests {
    private func agent(_ identity: StationIdentity) throws -> Agent {
        try Agent(
            identity, settings: AgentSettings(), sensor: WeatherSensor(WeatherModel(seed: 1)),
            environment: AgentEnvironment(
                now: { Timestamp(milliseconds: HandMadeComponent.now * 1000) }, random: { 1 },
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func `introduce, prove, online: the owner's identity is stored, and the next login needs no certificates`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        let agent = try agent(identity)
        let online = try await agent.introduce(over: component, as: .idevid)
        #expect(online.jid.description == "wx-1@stations.localhost")
        #expect(component.asked.suffix(2) == ["introduce", "prove"])
        #expect(identity.state.phase == .installed)
        #expect(identity.state.address == "wx-1@stations.localhost")
        #expect(identity.state.interval == 10)
        #expect(identity.state.directorKey != nil)
        let chain = try #require(try identity.certificates(.ldevid))
        #expect(try chain[0].publicKey == identity.key(.ldevid).publicKey)
        #expect(try identity.key(.ldevid).publicKey != identity.key(.idevid).publicKey, "a fresh key")
        _ = try await agent.introduce(over: component, as: .ldevid)
        #expect(component.asked.suffix(1) == ["introduce"])
    }

    @Test(arguments: 3..<5) func `a lost reply is repeated with the same fresh key`(lost: Int) async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        component.state.withLock { $0.loses = [lost] }
        let agent = try agent(identity)
        await #expect(throws: AgentError.self) { try await agent.introduce(over: component, as: .idevid) }
        #expect(identity.state.phase == .released)
        _ = try await agent.introduce(over: component, as: .idevid)
        #expect(identity.state.phase == .installed)
        #expect(Set(component.state.withLock { $0.provenKeys }).count == 1)
    }

    @Test func `a crash between the certificate and the state file is repeated from the challenge`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        let agent = try agent(identity)
        _ = try await agent.introduce(over: component, as: .idevid)
        try identity.update { state in
            state.phase = .released
            state.ownerPair = nil
        }
        let key = try identity.key(.ldevid).publicKey
        _ = try await agent.introduce(over: component, as: .idevid)
        #expect(try identity.key(.ldevid).publicKey == key)
        #expect(identity.state.phase == .installed)
    }

    @Test func `keys are renewed by one more introduction, if there is a component to ask`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let agent = try agent(try await component.engraved(folder))
        await agent.attach(component)
        #expect(await !agent.renewKeys(), "not installed yet")
        _ = try await agent.introduce(over: component, as: .idevid)
        let asked = component.asked.count
        #expect(await agent.renewKeys())
        #expect(component.asked.dropFirst(asked) == ["introduce"])
        component.state.withLock { $0.refuses = [asked + 1: StanzaError(.forbidden, "not allowed")] }
        #expect(await !agent.renewKeys())
    }

    @Test func `a refusal leaves everything as it was`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        component.state.withLock { $0.refuses = [3: StanzaError(.forbidden, "not allowed")] }
        let error = await #expect(throws: AgentError.self) { try await agent(identity).introduce(over: component, as: .idevid) }
        #expect(error?.code == .refused)
        #expect(identity.state.phase == .released)
        #expect(try identity.certificates(.ldevid) == nil)
    }

    @Test func `online for another serial, another service or another key is not believed`() async throws {
        let changes: [@Sendable (inout Online) throws -> Void] = [
            { $0.serial = try Serial("wx-2") }, { $0.service = try JID("evil.localhost") },
            { $0.jid = try JID("wx-2@stations.localhost") }, { $0.certificates = [] },
        ]
        for change in changes {
            let folder = TemporaryFolder()
            let component = try HandMadeComponent()
            let identity = try await component.engraved(folder)
            component.state.withLock { state in
                state.reply = { asked, element in
                    guard asked == "prove" else { return element }
                    guard let text = element.elements.first?.text, var online = try? Online.decode(text: text) else {
                        return element
                    }
                    try? change(&online)
                    return online.element
                }
            }
            await #expect(throws: AgentError.self) { try await agent(identity).introduce(over: component, as: .idevid) }
            #expect(identity.state.phase == .released)
            #expect(try identity.certificates(.ldevid) == nil)
        }
    }

    @Test func `the dialogue of later logins takes no challenge and no certificate`() throws {
        let component = try HandMadeComponent()
        for answer in [
            ChallengePayload(message: [1], expires: 1).element, try component.online([[1]]).element,
        ] {
            var dialogue = Introduction(
                login: .station, serial: try Serial("wx-1"), component: try JID("devices.localhost"),
                firmware: InstalledFirmware(version: "1", sequence: 1))
            _ = dialogue.start()
            var writer = XMLWriter(defaultNamespace: Namespaces.client)
            writer.write(answer)
            let element = try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
            guard case .fail = dialogue.received(element) else { throw Unexpected() }
        }
    }

    @Test func `an agent without an engraved identity says what to do`() throws {
        let folder = TemporaryFolder()
        let identity = try StationIdentity(
            folder: folder.path, serial: "wx-1", model: "m", hardware: "h", component: "devices.localhost")
        let error = try #require(throws: AgentError.self) { try agent(identity) }
        #expect(error.text.contains("station engrave"))
    }
}
