// SPDX-License-Identifier: Apache-2.0
import XMPPTransport

/// Where a server takes components.
public enum ComponentServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, and a TCP port.
    case host(String, port: Int)
    /// The path of a Unix socket on this machine (ejabberd: `port: "unix:/path"`).
    case unixSocket(String)

    /// The longest path of a Unix socket on Linux, in bytes.
    public static let longestPath = 107

    public var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }

    /// The TCP port, if there is one.
    public var port: Int? { if case .host(_, let port) = self { port } else { nil } }

    /// The host, if there is one.
    public var host: String? { if case .host(let host, _) = self { host } else { nil } }
}

/// How a component link is protected.
public enum ComponentSecurity: Hashable, Sendable {
    /// Not at all; see ``ComponentConfiguration/allowPlaintextBeyondLoopback``.
    case plaintext
    /// TLS from the first byte (ejabberd: `tls: true` at the listener; Prosody: mod_net_multiplex with `ssl_ports`).
    ///
    /// The server's certificate must come from one of the trust roots and hold `serverName`; nil for the host that is
    /// connected to.
    case tls(trustRoots: TrustRoots, serverName: String? = nil)
}
