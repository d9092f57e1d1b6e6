// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A real server to test against: the line of JSON that a script in `Tests/Servers` prints when it has started one.
///
/// `STATIONMASTER_LIVE_PROSODY`, `STATIONMASTER_LIVE_EJABBERD` and `STATIONMASTER_LIVE_JABBERD2` hold that line, or the
/// path of a file with it:
/// ```sh
/// Tests/Servers/prosody /tmp/prosody 17100 >/tmp/prosody.json
/// STATIONMASTER_LIVE_PROSODY=/tmp/prosody.json swift test --no-parallel --filter XMPPLinkTests.Live
/// ```
/// The component of the server must not be in use.
public struct LiveServer: Decodable, Sendable, CustomStringConvertible {
    /// Of 127.0.0.1.
    public struct Ports: Decodable, Sendable {
        /// Clients with STARTTLS.
        public let client: Int
        /// Clients with TLS from the first byte.
        public let directTLS: Int
        /// The component.
        public let component: Int
        /// The component, with TLS from the first byte.
        public let componentTLS: Int
    }
    /// The hosts that the tests use.
    public struct Domains: Decodable, Sendable {
        /// Of people and services.
        public let consumers: String
        /// Of units in the factory; logs in anonymously.
        public let factory: String
        /// The component's.
        public let component: String
    }
    /// A certificate, and the address that it gives.
    public struct Identity: Decodable, Sendable {
        /// The address.
        public let jid: String
        /// Path of the certificate.
        public let certificate: String
        /// Path of its key.
        public let key: String
    }

    /// `prosody`, `ejabberd` or `jabberd2`.
    public let server: String
    /// Where it listens.
    public let host: String
    /// On which ports.
    public let ports: Ports
    /// For which domains.
    public let domains: Domains
    /// The component's secret.
    public let secret: String
    /// Addresses and passwords of the consumers' accounts.
    public let users: [String: String]
    /// With which each station logs in; empty where its certificate does.
    public let stationPassword: String
    /// Path of the component's Unix socket; empty if the server has none.
    public let componentSocket: String
    /// A certificate with which the server lets this address in.
    public let station: Identity
    /// The same of an authority that the server does not know.
    public let stranger: Identity
    /// The authority of the server's own certificate.
    public let caFile: String
    /// The folder with the component's configuration, keys and secret.
    public let authority: String

    /// The server's name.
    public var description: String { server }

    /// All that there may be.
    public static let names = ["prosody", "ejabberd", "jabberd2"]

    /// Those that are described. For each other one a line says so.
    ///
    /// Tests take their arguments from here, and what is wrong with a description would be nobody's issue then. So a test
    /// has to call ``check()`` besides.
    ///
    /// - Parameter otherwise: what is left out with a server that is not described.
    public static func described(otherwise: String) -> [LiveServer] {
        names.compactMap { name in
            do {
                if let server = try read(name) { return server }
                print("SKIPPED: \(variable(name)) is not set, so \(otherwise) a real \(name)")
            } catch {
                print("\(error)")
            }
            return nil
        }
    }

    /// Throws if a description cannot be read.
    public static func check() throws { for name in names { _ = try read(name) } }

    /// What is wrong with a description.
    public struct Fault: Error, CustomStringConvertible {
        /// Variable and reason.
        public let description: String
    }

    private static func variable(_ name: String) -> String { "STATIONMASTER_LIVE_\(name.uppercased())" }

    private static func read(_ name: String) throws(Fault) -> LiveServer? {
        let variable = variable(name)
        guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else { return nil }
        let json = value.hasPrefix("{") ? Data(value.utf8) : FileManager.default.contents(atPath: value) ?? Data()
        do {
            let server = try JSONDecoder().decode(LiveServer.self, from: json)
            if server.server == name { return server }
        } catch {
            throw Fault(description: "\(variable) cannot be read: \(error)")
        }
        throw Fault(description: "\(variable) describes another server")
    }
}
