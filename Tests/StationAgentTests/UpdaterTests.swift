// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import StationPKI
import StationProtocol
import Synchronization
import Testing
import XMLStream
import XMPPCore

@testable import StationAgent

/// Plays the agent around an updater.
private final class Stage: Sendable {
    struct State {
        var now = UpdateFixture.now
        var statuses: [UpdateStatus] = []
        var elements: [Element] = []
        var delivery = StatusDelivery.acknowledged
        /// The keys that an introduction would tell; nil if none is possible.
        var newestKeys: [P256PublicKey]?
        var renewals = 0
    }

    let state = Mutex(State())
    let folder: TemporaryFolder
    let component: HandMadeComponent
    let identity: StationIdentity

    init() async throws {
        folder = TemporaryFolder()
        component = try HandMadeComponent()
        identity = try await component.engraved(folder)
        let component = component
        _ = try identity.key(.ldevid)
        try identity.update { state in
            state.phase = .installed
            state.releaseKeys = [Self.text(component.release.publicKey.point)]
            state.directorKey = Self.text(component.director.publicKey.point)
            state.firmware = InstalledFirmware(version: "1.0.0", sequence: 5)
        }
        folder.write("artifact", UpdateFixture.artifact)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    func fixture() throws -> UpdateFixture {
        try UpdateFixture(
            release: component.release, director: component.director, uri: "file://\(folder.path)/artifact")
    }

    func updater(
        install: [String]? = nil, running: [String]? = nil, quiet: String? = nil
    ) throws -> Updater {
        var settings = UpdateSettings()
        let words = install ?? ["/bin/cp", "{artifact}", folder.path + "/installed"]
        settings.install = words.isEmpty ? nil : InstallCommand(words, timeout: .seconds(10))
        settings.running = running.map { InstallCommand($0, timeout: .seconds(10)) }
        if let quiet { settings.moment = UsualMoment(quietHours: QuietHours(quiet)) }
        return try Updater(
            identity, settings: settings,
            surroundings: Updater.Surroundings(
                now: { self.state.withLock { $0.now } }, waitingReports: { 0 },
                send: { element in
                    self.state.withLock { state in
                        if let text = element.elements.first?.text, let status = try? UpdateStatus.decode(text: text) {
                            state.statuses.append(status)
                        }
                        state.elements.append(element)
                        return state.delivery
                    }
                },
                renewKeys: {
                    let keys = self.state.withLock { state in
                        state.renewals += 1
                        return state.newestKeys
                    }
                    guard let keys else { return false }
                    return (try? self.identity.update { $0.releaseKeys = keys.map { Self.text($0.point) } }) != nil
                }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Takes steps until the updater has to wait, or wants a restart.
    func settle(_ updater: Updater) async throws -> Updater.Step {
        for _ in 0..<50 {
            let step = try await updater.step()
            if step != .again { return step }
        }
        throw Unexpected()
    }

    var statuses: [UpdateStatus.Status] { state.withLock { $0.statuses.map(\.status) } }
}

@Suite struct UpdaterTests {
    @Test func `from the offer to a signed completed, over a restart`() async throws {
        let stage = try await Stage()
        let fixture = try stage.fixture()
        let before = try stage.updater()
        #expect(try await before.offer(fixture.offer()) == UpdateAnswer(job: "job-1", answer: .accepted))
        #expect(try await stage.settle(before) == .restart)
        #expect(stage.statuses == [.downloading, .installing, .restarting])
        #expect(stage.folder.read("installed") == UpdateFixture.artifact)
        #expect(stage.folder.names("id/updates") == ["job.json"], "what is installed is not kept twice")
        #expect(stage.identity.state.firmware?.sequence == 5, "the old one runs until the restart")
        #expect(try await before.step() == .restart, "nothing happens before the restart")

        let after = try stage.updater()
        #expect(try await stage.settle(after) == .wait(until: nil))
        #expect(stage.statuses.last == .completed)
        #expect(await after.standing?.state == .completed)
        #expect(stage.identity.state.firmware == InstalledFirmware(version: "2.0.0", sequence: 6, manifest: fixture.manifestHash))
        let (status, element) = try stage.state.withLock { (try #require($0.statuses.last), try #require($0.elements.last)) }
        #expect(status.version == "2.0.0")
        #expect(status.sequence == 6)
        #expect(status.nonce == fixture.assignment.nonce)
        // Signed with the owner's key over the exact text.
        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        writer.write(element)
        let received = try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
        let signature = try #require(PayloadSignature(in: received))
        let key = try stage.identity.key(.ldevid).publicKey
        #expect(signature.key == key.keyIdentifier)
        let text = try JSONContainer.container(in: received).text
        #expect(DetachedSignature.verify(
            context: "update-status", text: Array(text.utf8), signature: signature.bytes, key: key))
    }

    @Test func `the same offer again is answered again and begun once`() async throws {
        let stage = try await Stage()
        let offer = try stage.fixture().offer()
        let updater = try stage.updater()
        #expect(try await updater.offer(offer).answer == .accepted)
        #expect(try await updater.offer(offer).answer == .accepted)
        #expect(try await stage.settle(updater) == .restart)
        #expect(try await updater.offer(offer).answer == .accepted)
        let after = try stage.updater()
        _ = try await stage.settle(after)
        #expect(stage.statuses == [.downloading, .installing, .restarting, .completed])
        // A component that asks again has lost the last word: it is said again, and nothing is installed again.
        #expect(try await after.offer(offer).answer == .accepted)
        #expect(try await stage.settle(after) == .wait(until: nil))
        #expect(stage.statuses == [.downloading, .installing, .restarting, .completed, .completed])
    }

    @Test func `a crash in any state goes on from that state`() async throws {
        let stage = try await Stage()
        let offer = try stage.fixture().offer()
        _ = try await stage.updater().offer(offer)
        var restarts = 0
        // A new updater for every single step, as if the power went after each.
        for _ in 0..<20 {
            let step = try await stage.updater().step()
            if step == .restart { restarts += 1 }
            if step == .wait(until: nil) { break }
        }
        #expect(restarts == 1)
        #expect(stage.statuses == [.downloading, .installing, .restarting, .completed])
        #expect(stage.identity.state.firmware?.sequence == 6)
    }

    @Test func `what is half fetched is kept, and what belongs to no update under way is removed at start`() async throws {
        let stage = try await Stage()
        let fixture = try stage.fixture()
        let name = fixture.manifest.artifacts[0].sha256 + ".artifact.part"
        let updater = try stage.updater()
        _ = try await updater.offer(fixture.offer())
        #expect(try await updater.step() == .again)
        #expect(await updater.standing?.state == .downloading)
        stage.folder.write("id/updates/" + name, Array(UpdateFixture.artifact.prefix(3)))
        stage.folder.write("id/updates/\(String(repeating: "0", count: 64)).artifact", [1])
        let after = try stage.updater()
        #expect(stage.folder.names("id/updates") == [name, "job.json"].sorted())
        #expect(try await stage.settle(after) == .restart)
    }

    @Test func `completed is said until it is acknowledged`() async throws {
        let stage = try await Stage()
        _ = try await stage.updater().offer(stage.fixture().offer())
        _ = try await stage.settle(stage.updater())
        stage.state.withLock { $0.delivery = .later }
        let updater = try stage.updater()
        #expect(try await stage.settle(updater) == .wait(until: UpdateFixture.now + 30))
        #expect(await updater.standing?.state == .confirming)
        stage.state.withLock { $0.delivery = .acknowledged }
        #expect(try await stage.settle(updater) == .wait(until: nil))
        #expect(await updater.standing?.state == .completed)
    }

    @Test(arguments: [
        ("longer", UpdateRefusal.Reason.artifactTooLong), ("short", .artifactTooShort), ("new firmwarE", .artifactOtherHash),
    ]) func `an artifact that is not what was signed is not installed`(text: String, reason: UpdateRefusal.Reason) async throws {
        let stage = try await Stage()
        stage.folder.write("artifact", text == "longer" ? UpdateFixture.artifact + [0] : Array(text.utf8))
        let updater = try stage.updater()
        #expect(try await updater.offer(stage.fixture().offer()).answer == .accepted)
        #expect(try await stage.settle(updater) == .wait(until: nil))
        #expect(stage.statuses == [.downloading, .failed])
        #expect(stage.state.withLock { $0.statuses.last?.detail }?.hasPrefix(reason.rawValue) == true)
        #expect(stage.folder.read("installed").isEmpty)
        #expect(stage.folder.names("id/updates") == ["job.json"], "nothing half-fetched is left")
    }

    @Test func `a failed installation is reported, and what ran runs on`() async throws {
        let stage = try await Stage()
        let updater = try stage.updater(install: ["/bin/false"])
        _ = try await updater.offer(stage.fixture().offer())
        #expect(try await stage.settle(updater) == .wait(until: nil))
        #expect(stage.statuses == [.downloading, .installing, .failed])
        #expect(stage.identity.state.firmware?.sequence == 5)
    }

    @Test func `the old version running after the restart is a rollback, another one a failure`() async throws {
        for (output, last) in [("1.0.0 5", UpdateStatus.Status.rolledBack), ("0.9 4", .failed), ("2.0.0 6", .completed)] {
            let stage = try await Stage()
            let running = ["/bin/echo", output]
            _ = try await stage.updater(running: running).offer(stage.fixture().offer())
            #expect(try await stage.settle(stage.updater(running: running)) == .restart)
            let after = try stage.updater(running: running)
            #expect(try await stage.settle(after) == .wait(until: nil))
            #expect(stage.statuses.last == last, "\(output)")
            #expect(stage.identity.state.firmware?.sequence == (last == .completed ? 6 : 5))
        }
    }

    @Test func `refusals name their reason, and leave nothing behind`() async throws {
        let stage = try await Stage()
        var fixture = try stage.fixture()
        fixture.manifest.sequence = 4
        fixture.assignment.sequence = 4
        let answer = try await stage.updater().offer(fixture.offer())
        #expect(answer.answer == .refused)
        #expect(answer.reason?.hasPrefix("lower-sequence") == true)
        #expect(await (try stage.updater().standing) == nil)
        let none = try await stage.updater(install: []).offer(stage.fixture().offer())
        #expect(none.reason == "no-installer")
    }

    @Test func `an offer by a key that was trusted after the last introduction is judged with the newest keys`() async throws {
        let stage = try await Stage()
        let key = try P256PrivateKey()
        var fixture = try stage.fixture()
        fixture.releaseSigner = key
        let updater = try stage.updater()
        let answer = try await updater.offer(fixture.offer())
        #expect(answer.answer == .deferred, "no introduction was possible")
        #expect(answer.until == Double(UpdateFixture.now + 60))
        stage.state.withLock { $0.newestKeys = [stage.component.release.publicKey] }
        let refused = try await updater.offer(fixture.offer())
        #expect(refused.answer == .refused)
        #expect(refused.reason?.hasPrefix("unknown-key") == true, "the newest keys do not hold it either")
        stage.state.withLock { $0.newestKeys = [stage.component.release.publicKey, key.publicKey] }
        #expect(try await updater.offer(fixture.offer()).answer == .accepted)
        #expect(stage.state.withLock { $0.renewals } == 3)
        var forged = try fixture.offer()
        forged.job = "job-3"
        forged.manifest.signatures[0].signature[10] ^= 1
        #expect(try await updater.offer(forged).reason?.hasPrefix("bad-signature") == true)
        #expect(stage.state.withLock { $0.renewals } == 3, "only a key that is not known is asked for")
    }

    @Test func `in quiet hours it is deferred, and begins by itself when they are over`() async throws {
        let stage = try await Stage()
        // The fixture's now is 06:00 UTC; the window ends at 08:00.
        let updater = try stage.updater(quiet: "05:00-07:00")
        let answer = try await updater.offer(stage.fixture().offer())
        #expect(answer.answer == .deferred)
        #expect(answer.until == Double(UpdateFixture.now + 3600))
        #expect(try await updater.step() == .wait(until: UpdateFixture.now + 3600))
        stage.state.withLock { $0.now = UpdateFixture.now + 3600 }
        #expect(try await stage.settle(updater) == .restart)
    }

    @Test func `an assignment that expires while waiting has to be renewed`() async throws {
        let stage = try await Stage()
        var fixture = try stage.fixture()
        fixture.assignment.expires = Double(UpdateFixture.now + 10)
        let updater = try stage.updater(quiet: "05:00-07:00")
        _ = try await updater.offer(fixture.offer())
        stage.state.withLock { $0.now = UpdateFixture.now + 3601 }
        #expect(try await updater.step() == .wait(until: UpdateFixture.now + 3661))
        fixture.assignment.expires = Double(UpdateFixture.now + 7000)
        fixture.assignment.nonce = [UInt8](repeating: 9, count: 16)
        #expect(try await updater.offer(fixture.offer()).answer == .accepted)
        #expect(try await stage.settle(updater) == .restart)
        _ = try await stage.settle(stage.updater(quiet: "05:00-07:00"))
        #expect(stage.state.withLock { $0.statuses.last?.nonce } == [UInt8](repeating: 9, count: 16))
    }

    @Test func `a window that passes unused is a failure`() async throws {
        let stage = try await Stage()
        let updater = try stage.updater(quiet: "05:00-07:00")
        _ = try await updater.offer(stage.fixture().offer())
        stage.state.withLock { $0.now = UpdateFixture.now + 7200 }
        #expect(try await stage.settle(updater) == .wait(until: nil))
        #expect(stage.statuses == [.failed])
    }

    @Test func `a second job waits for the first`() async throws {
        let stage = try await Stage()
        var fixture = try stage.fixture()
        let updater = try stage.updater()
        _ = try await updater.offer(fixture.offer())
        #expect(try await stage.settle(updater) == .restart)
        fixture.job = "job-2"
        let answer = try await updater.offer(fixture.offer())
        #expect(answer.answer == .deferred)
        #expect(answer.reason == "busy")
    }

    @Test func `what runs already is confirmed at once under a new job`() async throws {
        let stage = try await Stage()
        var fixture = try stage.fixture()
        let hash = fixture.manifestHash
        try stage.identity.update { $0.firmware = InstalledFirmware(version: "2.0.0", sequence: 6, manifest: hash) }
        fixture.job = "job-9"
        let updater = try stage.updater()
        #expect(try await updater.offer(fixture.offer()).answer == .accepted)
        #expect(try await stage.settle(updater) == .wait(until: nil))
        #expect(stage.statuses == [.completed])
    }
}
