// SPDX-License-Identifier: Apache-2.0
import XMPPCore
import XMPPTransport

/// Why a component link could not be made, or was lost: a code to switch on and a sentence to read. Never holds the secret.
public struct ComponentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Hashable, Sendable {
        /// The configuration cannot work; retrying does not help.
        case configuration
        /// The link would carry the traffic unencrypted over a network; retrying does not help.
        case plaintextRefused
        /// `run()` was called while it runs already.
        case alreadyRunning
        /// No connection, for instance because nothing listens there.
        case unreachable
        /// No encrypted connection: a certificate that does not fit, or a failed TLS handshake.
        case tls
        /// The server did not answer in time during the handshake.
        case timeout
        /// What answers is no XEP-0114 port.
        case notComponentPort
        /// The server refused the handshake.
        case secretRefused
        /// Another component with this name is connected.
        case conflict
        /// The server knows no component of this name.
        case hostUnknown
        /// Another stream error (RFC 6120 §4.9).
        case streamError
        /// The server sent XML that we do not accept.
        case brokenStream
        /// Nothing was heard for too long, not even the answer to a ping.
        case silent
        /// The server ended the stream or the connection.
        case closed
        /// We ended the link ourselves.
        case stopped
    }

    /// To switch on.
    public let code: Code
    /// What happened and what to do about it, for people.
    public let sentence: String
    /// The stream error of the server that it stands for; nil if there was none.
    public let condition: StreamError.Condition?

    public init(_ code: Code, _ sentence: String, condition: StreamError.Condition? = nil) {
        self.code = code
        self.sentence = sentence
        self.condition = condition
    }

    public var description: String { sentence }

    /// Whether the same configuration can work later.
    var isWorthRetrying: Bool {
        switch code {
        case .configuration, .plaintextRefused, .alreadyRunning, .stopped: false
        default: true
        }
    }

    /// Whether this is how a server ends that cannot read JSON (XEP-0295), when its own stream never began.
    var mayBeAboutFraming: Bool {
        switch code {
        case .closed, .timeout, .brokenStream, .notComponentPort, .streamError: true
        default: false
        }
    }

    static func secretRefused(_ domain: String) -> ComponentError {
        ComponentError(
            .secretRefused,
            "the server does not accept the component secret for \(domain); "
                + "check that the secret in the server's configuration and ours are the same")
    }

    /// The error that a stream error of the server stands for.
    ///
    /// - Parameter duringHandshake: whether the link was not ready yet.
    static func stream(_ error: StreamError, domain: String, duringHandshake: Bool) -> ComponentError {
        let detail = error.text.isEmpty ? "" : " (\(LogText.safe(error.text)))"
        switch error.condition {
        case .notAuthorized where duringHandshake:
            return secretRefused(domain)
        case .conflict:
            return ComponentError(
                .conflict,
                "the server says that a component named \(domain) is connected already\(detail); "
                    + "check that no other instance runs with this name")
        case .hostUnknown:
            return ComponentError(
                .hostUnknown,
                "the server knows no component named \(domain)\(detail); "
                    + "check the component's name in the server's configuration and ours")
        default:
            return ComponentError(
                .streamError, "the server ended the stream: \(error.condition.rawValue)\(detail)",
                condition: error.condition)
        }
    }
}
