// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A real server on which plays are given: the line of JSON that a script in `Tests/Servers` prints when it has started one.
///
/// `STATIONMASTER_LIVE_PROSODY`, `STATIONMASTER_LIVE_EJABBERD` and `STATIONMASTER_LIVE_JABBERD2` hold that line, or the path
/// of a file with it. The server has to trust the folder that `stationmaster init` made (`STATIONMASTER_TRUST`), as in `Tests/run`:
/// ```sh
/// STATIONMASTER_LIVE_PROSODY=/tmp/prosody.json swift test --no-parallel --filter TranscriptTests.Live
/// ```
struct LivePlace: Decodable, Sendable, CustomTestStringConvertible {
    struct Ports: Decodable, Sendable {
        let client: Int
        let component: Int
    }
    struct Domains: Decodable, Sendable {
        let consumers: String
        let factory: String
        let component: String
    }

    let server: String
    let host: String
    let ports: Ports
    let domains: Domains
    /// Addresses and passwords of the consumers' accounts.
    let users: [String: String]
    /// With which each station logs in; empty where its certificate does.
    let stationPassword: String
    /// The authority of the server's own certificate.
    let caFile: String
    /// The folder with the component's configuration, keys and secret.
    let authority: String

    var testDescription: String { server }

    /// Those that are there; for each other one a line says so.
    static let all = ["prosody", "ejabberd", "jabberd2"].compactMap(read)

    private static func read(_ name: String) -> LivePlace? {
        let variable = "STATIONMASTER_LIVE_\(name.uppercased())"
        guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
            print("SKIPPED: \(variable) is not set, so no play is given on a real \(name)")
            return nil
        }
        let json = value.hasPrefix("{") ? Data(value.utf8) : FileManager.default.contents(atPath: value) ?? Data()
        do {
            let place = try JSONDecoder().decode(LivePlace.self, from: json)
            let configuration = place.authority + "/stationmaster.yaml"
            if !FileManager.default.fileExists(atPath: configuration) {
                print("SKIPPED: there is no \(configuration), so no play is given on this \(name)")
                return nil
            }
            return place
        } catch {
            Issue.record("\(variable) cannot be read: \(error)")
            return nil
        }
    }
}
