// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationSettings
import Testing

@testable import Stationmaster
@testable import stationmaster_command

@Suite struct LinkSettingsTests {
    /// Loads what `init` has written, with some lines replaced; the error and the line of its key.
    private func load(_ changes: [String: String]) throws -> (error: ConfigurationError?, lines: [String: Int]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("link-\(UInt32.random(in: 0 ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let setup = Setup(
            domain: "devices.example.org", folder: folder, serverHost: "127.0.0.1", serverPort: 5347,
            factoryHosts: ["factory.example.org"], onboardingHost: "onboarding.example.org",
            stationsHost: "stations.example.org", owner: "Owner", overwriting: false)
        let path = try setup.perform(now: 1_795_413_600).configurationPath
        var text = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        var lines: [String: Int] = [:]
        for (key, value) in changes {
            let name = "  \(key.split(separator: ".").last ?? ""):"
            let index = try #require(text.firstIndex { $0.hasPrefix(name) })
            text[index] = "\(name) \(value)"
            lines[key] = index + 1
        }
        try text.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        do throws(ConfigurationError) {
            _ = try StationmasterConfiguration.load(path: path, environment: [:])
            return (nil, lines)
        } catch { return (error, lines) }
    }

    static let wrong: [(String, [String: String])] = [
        ("component.serverHost", ["component.serverHost": "192.0.2.1"]),
        ("component.trustRoots", ["component.tls": "true", "component.trustRoots": "none.pem"]),
        ("component.serverSocket", ["component.serverSocket": "/" + String(repeating: "s", count: 107)]),
        ("component.serverName", ["component.tls": "true", "component.serverSocket": "/run/x.sock"]),
        ("control.socket", ["control.socket": "/" + String(repeating: "s", count: 107)]),
        ("hosts.factory", ["hosts.factory": "[factory.example.org, \"two words\"]"]),
        ("hosts.factory", ["hosts.factory": "[unit@factory.example.org]"]),
    ]

    @Test(arguments: wrong)
    func `A link that cannot work is refused with key, file and line`(key: String, changes: [String: String]) throws {
        let (error, lines) = try load(changes)
        #expect(error?.key == key)
        let line = error?.place.split(separator: ":").last.flatMap { Int($0) }
        #expect(line != nil && (line == lines[key] || lines[key] == nil), "\(String(describing: error))")
        #expect(error.flatMap { Refusal($0) }?.status == 78)
    }

    @Test func `A link that can work is taken, and factory hosts are prepared`() throws {
        for changes in [
            ["component.serverHost": "192.0.2.1", "component.allowPlaintextBeyondLoopback": "true"],
            ["component.serverHost": "xmpp.example.org", "component.tls": "true"],
            ["component.serverSocket": "/" + String(repeating: "s", count: 106)],
            ["control.socket": "/" + String(repeating: "s", count: 106)],
        ] {
            #expect(try load(changes).error == nil, "\(changes)")
        }
    }
}
