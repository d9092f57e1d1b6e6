// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore
import XMPPTransport

/// Where and as whom to attach to a server (XEP-0114). The secret does not show in descriptions and dumps.
public struct ComponentConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The component's domain, for instance `devices.example.org`.
    public var domain: String
    /// The secret shared with the server; sent only as a digest with the stream's id.
    public var secret: String
    /// Where the server takes components.
    public var address: ComponentServerAddress
    /// How the link is protected.
    public var security = ComponentSecurity.plaintext
    /// XEP-0295 instead of XML. A server that does not read it answers with an error, and gets XML from then on.
    public var framing = StreamFraming.xml
    /// Limits of what is read. A stanza beyond them is left out, and the link goes on.
    public var limits = XMLLimits.link
    /// The most bytes that may wait to be written; beyond it ``ComponentLink/send(_:)`` returns false.
    public var queueBytes = 256 << 20
    /// Waits between attempts to connect.
    public var backoff = Backoff(shortest: .seconds(1), longest: .seconds(60))
    /// Silence after which we ping our own domain, which the server loops back.
    public var pingInterval = Duration.seconds(15)
    /// Silence after which the link is given up.
    public var deadAfter = Duration.seconds(30)
    /// The most time that connecting may take, and then the handshake.
    public var handshakeTimeout = Duration.seconds(15)
    /// The most time that ``ComponentLink/shutdown()`` waits for what is still to be written.
    public var drainTimeout = Duration.seconds(5)
    /// Allows ``ComponentSecurity/plaintext`` over a network all the same, for instance inside a tunnel.
    public var allowPlaintextBeyondLoopback = false

    public init(domain: String, secret: String, address: ComponentServerAddress) {
        self.domain = domain
        self.secret = secret
        self.address = address
    }

    /// The same with a TCP port, on this machine unless told otherwise.
    public init(domain: String, secret: String, host: String = "127.0.0.1", port: Int) {
        self.init(domain: domain, secret: secret, address: .host(host, port: port))
    }

    public var description: String { "component \(domain) at \(address) (secret not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["domain": domain, "secret": "(not shown)", "address": "\(address)"])
    }

    /// Whether the secret can hold no 128 bits: fewer than 32 hexadecimal digits or 22 characters of base64. The digest
    /// that crosses the link lets whoever sees it try secrets out.
    var isSecretWeak: Bool { secret.utf8.count < (secret.allSatisfy(\.isHexDigit) ? 32 : 22) }

    /// The domain as servers compare and write it.
    var preparedDomain: String { (try? JID(domain))?.domain ?? domain }

    /// The name that the server's certificate must hold.
    var tlsName: String {
        if case .tls(_, let serverName?) = security { return serverName }
        return address.host ?? ""
    }

    /// Whether a connection to this machine alone is safe.
    var needsLoopback: Bool {
        switch security {
        case .plaintext: !allowPlaintextBeyondLoopback
        case .tls(let trustRoots, _): trustRoots == .insecureLoopback
        }
    }

    /// Whether the link may go over a network in plain text; its user is warned.
    var isPlaintextAllowedBeyondLoopback: Bool {
        guard security == .plaintext, allowPlaintextBeyondLoopback, let host = address.host else { return false }
        return Loopback.contains(literal: host) != true
    }

    var loopbackOnly: ComponentError {
        guard security == .plaintext else {
            return ComponentError(.plaintextRefused, "\(address) is not this machine: check the server's certificate")
        }
        return ComponentError(
            .plaintextRefused,
            "the component link to \(address) would cross the network unencrypted; "
                + "run the server on this machine, use TLS or a tunnel, or allow plaintext beyond loopback")
    }
}
