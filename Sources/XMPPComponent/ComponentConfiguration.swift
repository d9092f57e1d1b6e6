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
    /// Name or address of the server.
    public var host: String
    /// The server's component port.
    public var port: Int
    /// Limits of what is read.
    public var limits = XMLLimits()
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
    /// The fewest spaces that follow a write which the socket took in pieces, when there is nothing more to send; 0 for
    /// none. See `SendQueue`.
    public var paddingBytes = 64
    /// XEP-0114 does not encrypt. Allows to use it over a network all the same, for instance inside a tunnel.
    public var allowPlaintextBeyondLoopback = false

    public init(domain: String, secret: String, host: String = "127.0.0.1", port: Int) {
        self.domain = domain
        self.secret = secret
        self.host = host
        self.port = port
    }

    public var description: String { "component \(domain) at \(host):\(port) (secret not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["domain": domain, "secret": "(not shown)", "host": host, "port": port])
    }

    /// Throws what can be known to be wrong before connecting.
    func check() throws(ComponentError) {
        guard let jid = try? JID(domain), jid.isDomain else {
            throw ComponentError(.configuration, "\(LogText.safe(domain)) is no domain")
        }
        guard !secret.isEmpty else { throw ComponentError(.configuration, "the secret for \(domain) is empty") }
        guard (1...65_535).contains(port) else { throw ComponentError(.configuration, "\(port) is no port") }
        if !allowPlaintextBeyondLoopback, Loopback.contains(literal: host) == false { throw plaintextRefused }
    }

    /// The domain as servers compare and write it.
    var preparedDomain: String { (try? JID(domain))?.domain ?? domain }

    var plaintextRefused: ComponentError {
        ComponentError(
            .plaintextRefused,
            "the component link to \(host) would cross the network unencrypted; "
                + "run the server on this machine, use a tunnel, or allow plaintext beyond loopback")
    }
}
