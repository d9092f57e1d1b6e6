// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore
import XMPPTransport

/// Where and as whom to log in. Passwords and keys do not show in descriptions and dumps.
public struct ClientConfiguration: Sendable {
    /// How the connection is protected.
    public enum Security: Hashable, Sendable {
        /// Plain until the server agreed to TLS, which is required (RFC 6120 §5).
        case startTLS
        /// TLS from the first byte (XEP-0368).
        case directTLS
        /// No TLS; refused unless the server is this very machine.
        case plaintextLoopback
    }

    /// What proves who we are.
    public enum Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// Certificate chain (leaf first) and its private key, both PEM text; SASL EXTERNAL.
        case certificate(chainPEM: String, keyPEM: String)
        /// SASL SCRAM-SHA-256, or SCRAM-SHA-1 where the server has nothing better. Never sent in the clear.
        case password(String)
        /// SASL ANONYMOUS: the server makes up the address.
        case anonymous

        public var description: String {
            switch self {
            case .certificate: "certificate (key not shown)"
            case .password: "password (not shown)"
            case .anonymous: "anonymous"
            }
        }
        public var debugDescription: String { description }
        public var customMirror: Mirror { Mirror(self, children: [description: ""]) }
    }

    /// Which certification authorities the server's certificate may come from.
    public typealias TrustRoots = XMPPTransport.TrustRoots

    /// Our address; for ``Credentials/anonymous`` the domain alone.
    public var jid: JID
    /// Name or address of the server.
    public var host: String
    /// The server's client port.
    public var port: Int
    /// How the link is protected.
    public var security: Security
    /// How to log in.
    public var credentials: Credentials
    /// Who vouches for the server.
    public var trustRoots: TrustRoots
    /// The name that the server's certificate must hold; nil for the domain of ``jid``.
    public var serverName: String?
    /// The resource to ask for; nil lets the server choose.
    public var resource: String?

    /// XEP-0295 instead of XML. A server that does not read it answers with an error, and gets XML; it may have half of
    /// ``connectTimeout`` for that.
    public var framing = StreamFraming.xml
    /// Limits of what is read. A stanza beyond them is left out, and the link goes on.
    public var limits = XMLLimits.link
    /// The most time that connecting, TLS, login and binding may take together.
    public var connectTimeout = Duration.seconds(30)
    /// Silence after which the server is pinged.
    public var pingInterval = Duration.seconds(60)
    /// Silence after which the connection is given up.
    public var deadAfter = Duration.seconds(90)
    /// The most bytes that may wait to be written.
    public var queueBytes = 16 << 20
    /// The most stanzas that may wait in ``XMPPClientConnection/incoming``; one more closes the connection,
    /// since losing one silently would be worse.
    public var incomingLimit = 4096
    /// The most bytes, as they came, of the stanzas that may wait there; one more closes the connection as well.
    public var incomingBytes = 16 << 20
    /// The most requests that may wait for an answer.
    public var requestLimit = 4096
    /// Sees each stanza as it came, before anybody takes it, in the order of the stream; on the event loop.
    package var observer: (@Sendable (Element) -> Void)?

    public init(
        jid: JID, host: String, port: Int, security: Security = .startTLS, credentials: Credentials,
        trustRoots: TrustRoots = .system, serverName: String? = nil, resource: String? = nil
    ) {
        self.jid = jid
        self.host = host
        self.port = port
        self.security = security
        self.credentials = credentials
        self.trustRoots = trustRoots
        self.serverName = serverName
        self.resource = resource
    }

    /// Throws what can be known to be wrong before connecting.
    func check() throws(ClientError) {
        func refuse(_ sentence: String) -> ClientError { ClientError(.configuration, sentence) }
        guard (1...65_535).contains(port) else { throw refuse("\(port) is no port") }
        switch credentials {
        case .password(let password):
            guard jid.localpart != nil else { throw refuse("\(jid) is no address to log in with a password") }
            guard PreparedPassword(password) != nil else {
                throw refuse("the password for \(jid) is empty or holds control characters")
            }
        case .certificate:
            guard security != .plaintextLoopback else { throw refuse("a login by certificate needs TLS") }
        case .anonymous: break
        }
        let isLoopbackOnly = security == .plaintextLoopback || trustRoots == .insecureLoopback
        if isLoopbackOnly, Loopback.contains(literal: host) == false { throw loopbackOnly }
    }

    var loopbackOnly: ClientError {
        ClientError(.configuration, "\(host) is not this machine: use TLS and check the server's certificate")
    }

    /// The name that the server's certificate must hold.
    var tlsName: String { serverName ?? jid.domain }

    /// What TLS is made with; nil without it.
    var tlsPlan: TLSPlan? {
        guard security != .plaintextLoopback else { return nil }
        var plan = TLSPlan(
            trustRoots: trustRoots, applicationProtocol: security == .directTLS ? "xmpp-client" : nil)
        if case .certificate(let chain, let key) = credentials { (plan.chainPEM, plan.keyPEM) = (chain, key) }
        return plan
    }

    /// Whether a connection to this machine alone is safe.
    var needsLoopback: Bool { security == .plaintextLoopback || trustRoots == .insecureLoopback }
}
