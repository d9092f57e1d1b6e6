// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOPosix
import StationModel
import Testing

@testable import StationAgent

@Suite struct RenewalTests {
    private let day: Int64 = 86_400
    private let now = HandMadeComponent.now

    private func agent(_ identity: StationIdentity) throws -> Agent {
        try Agent(
            identity, settings: AgentSettings(), sensor: WeatherSensor(WeatherModel(seed: 1)),
            environment: AgentEnvironment(
                now: { Timestamp(milliseconds: HandMadeComponent.now * 1000) }, random: { 1 },
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func `thirty days before its end a certificate is renewed, and not a second earlier`() {
        var choice = LoginChoice()
        #expect(choice.next(notAfter: now + 30 * day, now: now, uptime: 0) == .ldevid)
        #expect(choice.next(notAfter: now + 30 * day - 1, now: now, uptime: 0) == .idevid)
        #expect(choice.next(notAfter: nil, now: now, uptime: 0) == .idevid)
        #expect(choice.next(notAfter: .min, now: .max, uptime: 0) == .ldevid, "no time makes it trap")
    }

    @Test func `a clock that is wrong costs one renewal a day`() {
        var choice = LoginChoice()
        #expect(choice.next(notAfter: now, now: now + 900 * day, uptime: 0) == .idevid)
        #expect(choice.next(notAfter: now + 400 * day, now: now + 900 * day, uptime: 1) == .ldevid)
        #expect(choice.next(notAfter: now + 400 * day, now: now + 900 * day, uptime: day - 1) == .ldevid)
        #expect(choice.next(notAfter: now + 400 * day, now: now + 900 * day, uptime: day) == .idevid)
    }

    @Test func `three refused logins in a row are answered by one introduction`() {
        var choice = LoginChoice()
        var kinds: [StationIdentity.Kind] = []
        for _ in 0..<8 {
            kinds.append(choice.next(notAfter: now + 300 * day, now: now, uptime: 0))
            if kinds.last == .ldevid { choice.refused() }
        }
        #expect(kinds == [.ldevid, .ldevid, .ldevid, .idevid, .ldevid, .ldevid, .ldevid, .idevid])
        choice.refused()
        choice.admitted()
        choice.refused()
        choice.refused()
        #expect(choice.next(notAfter: now + 300 * day, now: now, uptime: 0) == .ldevid)
    }

    @Test func `a certificate that ends soon is replaced with its key, and counts until the new one is stored`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        component.state.withLock { $0.ownerDays = 29 }
        let identity = try await component.engraved(folder)
        let agent = try agent(identity)
        _ = try await agent.introduce(over: component, as: .idevid)
        let old = try #require(try identity.ownerCertificate())
        #expect(try await agent.chooseIdentity() == .idevid)
        // The reply to the proof is lost: the component has certified the new key, the station has the old pair.
        component.state.withLock { state in
            state.ownerDays = 365
            state.loses = [state.asked.count + 1]
        }
        await #expect(throws: AgentError.self) { try await agent.introduce(over: component, as: .idevid) }
        #expect(try identity.ownerCertificate() == old)
        #expect(identity.state.phase == .installed, "it measures and reports meanwhile")
        #expect(try await agent.chooseIdentity() == .ldevid, "and it is good for some time yet")
        _ = try await agent.introduce(over: component, as: .idevid)
        let new = try #require(try identity.ownerCertificate())
        #expect(new.notAfter == now + 365 * day)
        #expect(try new.publicKey != old.publicKey)
        #expect(Set(component.state.withLock { $0.provenKeys }).count == 2, "one new key, proven twice")
        #expect(folder.names("id").filter { $0.hasPrefix("ldevid") } == ["ldevid-1.key", "ldevid-1.pem"])
        #expect("\(try StationSummary(identity.folder).json.text)".contains(new.fingerprint))
    }

    @Test func `a crash before the new pair counts leaves the old one, a crash after it the new one`() async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        do {
            let identity = try await component.engraved(folder)
            let agent = try agent(identity)
            _ = try await agent.introduce(over: component, as: .idevid)
            folder.write("id/ldevid-1.pem", Array("not whole".utf8))
            _ = try identity.nextOwnerKey()
        }
        do {
            let identity = try StationIdentity(opening: folder.path + "/id")
            #expect(identity.keyPath(.ldevid).hasSuffix("/ldevid.key"))
            #expect(try identity.ownerCertificate() != nil)
            _ = try await agent(identity).introduce(over: component, as: .idevid)
            folder.write("id/ldevid.key", [1])
        }
        let identity = try StationIdentity(opening: folder.path + "/id")
        #expect(identity.state.ownerPair == 1)
        #expect(try identity.ownerCertificate() != nil)
        #expect(folder.names("id").filter { $0.hasPrefix("ldevid") } == ["ldevid-1.key", "ldevid-1.pem"])
    }

    @Test(arguments: ["ldevid.key", "ldevid.pem"])
    func `an owner's identity that is gone or broken sends the station back to the onboarding host`(file: String) async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        let agent = try agent(identity)
        _ = try await agent.introduce(over: component, as: .idevid)
        #expect(try await agent.chooseIdentity() == .ldevid)
        folder.write("id/" + file, Array("nonsense".utf8))
        #expect(try await agent.chooseIdentity() == .idevid)
        try FileManager.default.removeItem(atPath: folder.path + "/id/" + file)
        #expect(try await agent.chooseIdentity() == .idevid)
        _ = try await agent.introduce(over: component, as: .idevid)
        #expect(try await agent.chooseIdentity() == .ldevid)
    }
}
