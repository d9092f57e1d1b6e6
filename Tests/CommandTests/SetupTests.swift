// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationSettings
import Testing

@testable import Stationmaster
@testable import stationmaster_command

@Suite struct SetupTests {
    private func parse(_ words: String...) throws -> Init {
        try #require(try StationmasterCommand.parseAsRoot(["init"] + words) as? Init)
    }

    @Test func `Hosts are siblings of the component's domain, written as servers compare them`() throws {
        let hosts = try parse("--domain", "Devices.Example.ORG").hosts()
        #expect(hosts.component == "devices.example.org")
        #expect(hosts.factory == ["factory.example.org"])
        #expect(hosts.onboarding == "onboarding.example.org")
        #expect(hosts.stations == "stations.example.org")
    }

    @Test(arguments: ["devices", "127.0.0.1", "a@example.org", "two words.example", "."])
    func `A domain without a parent needs all three hosts, and what is no domain is refused`(domain: String) {
        #expect(throws: (any Error).self) { try parse("--domain", domain) }
    }

    @Test func `A domain without a parent is taken with three hosts`() throws {
        let hosts = try parse(
            "--domain", "devices", "--factory-host", "F.example", "--onboarding-host", "o.example", "--stations-host", "s.example"
        ).hosts()
        #expect(hosts.component == "devices")
        #expect(hosts.factory == ["f.example"])
    }

    private func setUp(in folder: String, _ change: (inout Setup) -> Void = { _ in }) throws -> (Setup, Setup.Result) {
        var setup = Setup(
            domain: "devices.example.org", folder: folder + "/etc", serverHost: "127.0.0.1", serverPort: 5347,
            factoryHosts: ["factory.example.org", "Factory2.example.org"], onboardingHost: "onboarding.example.org",
            stationsHost: "stations.example.org", owner: "Owner", overwriting: false)
        change(&setup)
        return (setup, try setup.perform(now: 1_795_413_600))
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("setup-\(UInt32.random(in: 0 ... .max))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func `What is set up can be loaded, with store and socket where they were asked for`() throws {
        try inFolder { folder in
            let (_, result) = try setUp(in: folder) {
                $0.stateFolder = folder + "/state"
                $0.runtimeFolder = folder + "/run"
            }
            let configuration = try StationmasterConfiguration.load(path: result.configurationPath, environment: [:])
            #expect(configuration.storePath == folder + "/state/stationmaster.sqlite")
            #expect(configuration.controlSocket == folder + "/run/control.socket")
            #expect(configuration.device.factoryHosts == ["factory.example.org", "factory2.example.org"])
            #expect(throws: SetupError.self) { try setUp(in: folder) }
        }
    }

    @Test func `The lines for jabberd2 are those of its router`() throws {
        try inFolder { folder in
            let (setup, result) = try setUp(in: folder)
            let lines = ServerLines(setup: setup, result: result).jabberd2
            #expect(lines.contains("<secret>\(result.secret)</secret>"))
            #expect(lines.contains("<port>5347</port>"))
            #expect(!lines.contains("<user>"))
        }
    }

    @Test func `A secret that others can read is refused`() throws {
        try inFolder { folder in
            let (_, result) = try setUp(in: folder)
            let file = folder + "/etc/component.secret"
            #expect(try SecretFile.password(file) == result.secret)
            for mode in [0o640, 0o604, 0o601] {
                chmod(file, mode_t(mode))
                #expect(throws: SecretFileError.self) { try SecretFile.read(file) }
                let error = #expect(throws: ConfigurationError.self) {
                    try StationmasterConfiguration.load(path: result.configurationPath, environment: [:])
                }
                #expect(error?.key == "component.secretFile")
            }
            #expect(throws: SecretFileError.self) { try SecretFile.read(folder + "/none") }
        }
    }
}
