// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationSettings
import Testing

@testable import StationAgent

@Suite struct ConfigurationTests {
    private func read(_ yaml: String, _ environment: [String: String] = [:]) throws -> AgentSettings {
        try AgentSettings(StationOptions.program.read(yaml: yaml, path: "station.yaml", environment: environment))
    }

    @Test func `an empty file gives the defaults`() throws {
        let settings = try read("")
        #expect(settings.window == 16)
        #expect(settings.interval == nil)
        #expect(settings.encoding == .xml)
        #expect(settings.spool.bytes == SpoolLimits().bytes)
        #expect(settings.update.install == nil)
        #expect(settings.update.artifactBytes == UpdateSettings().artifactBytes)
        #expect(settings.firmware == InstalledFirmware(version: "1.0.0", sequence: 1))
    }

    @Test func `values of the file and of the environment arrive`() throws {
        let settings = try read(
            """
            report:
              interval: 12.5
              window: 4
            connection:
              component: stations.example.org
              encoding: json
            update:
              install: ["/usr/bin/install-firmware", "--from", "{artifact}"]
              quietHours: "22:00-06:00"
            """, ["STATION_REPORT_WINDOW": "8", "STATION_UPDATE_INSTALL_TIMEOUT": "30"])
        #expect(settings.interval == 12.5)
        #expect(settings.window == 8)
        #expect(settings.component?.description == "stations.example.org")
        #expect(settings.encoding == .json)
        #expect(settings.update.install?.words == ["/usr/bin/install-firmware", "--from", "{artifact}"])
        #expect(settings.update.install?.timeout == .seconds(30))
        #expect((settings.update.moment as? UsualMoment)?.quietHours == QuietHours("22:00-06:00"))
    }

    /// (text, what the message must name)
    @Test(arguments: [
        ("report:\n  intervall: 5\n", ["station.yaml:2", "report.intervall", "report.interval"]),
        ("reports:\n  interval: 5\n", ["station.yaml:1", "reports"]),
        ("report:\n  interval: 5\n  window: many\n", ["station.yaml:3", "report.window"]),
        ("report:\n  window: 0\n", ["station.yaml:2", "report.window"]),
        ("report:\n  window: 65\n", ["station.yaml:2", "report.window"]),
        ("\n\nconnection:\n  security: none\n", ["station.yaml:4", "connection.security"]),
        ("connection:\n  component: \"a b@c\"\n", ["station.yaml:2", "connection.component"]),
        ("update:\n  quietHours: \"25:00-06:00\"\n", ["station.yaml:2", "update.quietHours"]),
        ("update:\n  install: [\"install-firmware\"]\n", ["station.yaml:2", "update.install"]),
        ("report: 5\n", ["station.yaml:1", "report"]),
        ("report:\n  interval: {a: 1}\n", ["station.yaml:2", "report.interval"]),
        ("- a\n", ["station.yaml:1"]),
    ]) func `what is wrong names key, file and line`(yaml: String, names: [String]) throws {
        let error = try #require(throws: ConfigurationError.self) { try read(yaml) }
        for name in names { #expect(error.description.contains(name), "\(error)") }
    }

    @Test(arguments: ["report:\n", "report:\n  # window: 5\nspool:\n", "report: ~\n", "report: null\n", "report: {}\n"])
    func `a section in which nothing is set is an empty one`(yaml: String) throws {
        #expect(try read(yaml).window == 16)
    }

    @Test(arguments: ["reports:\n", "report: ''\n", "report:\n  window:\n"])
    func `an unknown section, a text and a key without its value are refused`(yaml: String) {
        #expect(throws: ConfigurationError.self) { try read(yaml) }
    }

    @Test func `a default that fails names key and file`() throws {
        let settings = try StationOptions.program.read(yaml: "", path: "station.yaml", environment: [:])
        #expect(settings.error("identity.directory", "x").description.hasPrefix("station.yaml (by default): identity.directory: "))
    }

    @Test func `a folder that holds no station is wrong configuration`() async throws {
        let folder = TemporaryFolder()
        folder.write("station.yaml", Array("identity:\n  directory: \(folder.path)/none\n".utf8))
        let error = await #expect(throws: ConfigurationError.self) {
            try await StationProgram.run(configuration: folder.path + "/station.yaml", environment: [:])
        }
        #expect(error?.key == "identity.directory")
        #expect(error?.place == "\(folder.path)/station.yaml:2")
    }

    @Test func `a key that stands twice is refused`() {
        #expect(throws: ConfigurationError.self) { try read("report:\n  window: 5\n  window: 6\n") }
    }

    @Test func `a bad environment variable names itself`() throws {
        let error = try #require(throws: ConfigurationError.self) { try read("", ["STATION_REPORT_WINDOW": "x"]) }
        #expect(error.description.contains("STATION_REPORT_WINDOW"))
    }

    @Test func `the limits of the window: 1 and 64 pass`() throws {
        #expect(try read("report:\n  window: 1\n").window == 1)
        #expect(try read("report:\n  window: 64\n").window == 64)
    }

    @Test func `the annotated file is up to date, and is itself good configuration`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Config/station.yaml").path
        let file = try #require(FileManager.default.contents(atPath: path))
        #expect(String(decoding: file, as: UTF8.self) == StationOptions.program.annotated())
        let settings = try read(String(decoding: file, as: UTF8.self))
        #expect(settings.window == AgentSettings().window)
    }
}
