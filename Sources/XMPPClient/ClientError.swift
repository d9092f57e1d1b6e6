// SPDX-License-Identifier: Apache-2.0
import XMPPCore
import XMPPTransport

/// What went wrong at a client connection: a code to switch on and a sentence to read. Never holds a password or key.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Hashable, Sendable {
        /// The configuration cannot work; retrying does not help.
        case configuration
        /// No connection, for instance because nothing listens there.
        case unreachable
        /// No encrypted connection: not offered, a certificate that does not fit, or a failed TLS handshake.
        case tls
        /// The server refused the login; the condition is one of RFC 6120 §6.5, such as `not-authorized`.
        case authentication(condition: String)
        /// The server does not know its part of the shared secret: it is not the one it seems to be.
        case serverNotProven
        /// The server ended the stream with an error (RFC 6120 §4.9).
        case stream(StreamError)
        /// The answer to a request was an error (RFC 6120 §8.3).
        case stanza(StanzaError)
        /// The server does not read JSON (XEP-0295).
        case jsonRefused
        /// The server did not keep to the protocol.
        case protocolViolation
        /// No answer in time.
        case timeout
        /// Nothing was heard for too long, not even the answer to a ping.
        case silent
        /// Too much waits: to be sent, to be answered, or to be taken from ``XMPPClientConnection/incoming``.
        case overloaded
        /// The connection is closed.
        case closed
        /// The calling task was cancelled.
        case cancelled
    }

    /// To switch on.
    public let code: Code
    /// What happened, for people.
    public let sentence: String

    public init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    public var description: String { sentence }

    /// The stanza error that a request was answered with, if that is what happened.
    public var stanzaError: StanzaError? {
        if case .stanza(let error) = code { error } else { nil }
    }

    /// The stream error that the server ended the stream with, if that is what happened.
    public var streamError: StreamError? {
        if case .stream(let error) = code { error } else { nil }
    }

    /// The condition of a refused login (RFC 6120 §6.5), if that is what happened.
    public var authenticationCondition: String? {
        if case .authentication(let condition) = code { condition } else { nil }
    }
}

extension ClientError {
    /// The answer to a request was an error.
    public static func stanza(_ error: StanzaError) -> ClientError {
        ClientError(.stanza(error), "the answer is the error \(LogText.safe("\(error)"))")
    }

    /// The server ended the stream with an error.
    public static func stream(_ error: StreamError) -> ClientError {
        ClientError(.stream(error), "the server ended the stream: \(LogText.safe("\(error)"))")
    }

    /// The server refused the login.
    static func refused(_ condition: String, _ text: String) -> ClientError {
        let detail = text.isEmpty ? "" : " (\(LogText.safe(text)))"
        let condition = LogText.safe(condition)
        return ClientError(
            .authentication(condition: condition), "the server refused the login: \(condition)\(detail)")
    }

    static let jsonRefused = ClientError(.jsonRefused, "the server does not read JSON")

    /// Whether this is how a server ends that cannot read JSON, when its own stream never began.
    var mayBeAboutFraming: Bool {
        switch code {
        case .closed, .protocolViolation, .stream: true
        default: false
        }
    }

    static let timeout = ClientError(.timeout, "no answer came in time")
    static let closed = ClientError(.closed, "the connection is closed")
    static let cancelled = ClientError(.cancelled, "the task was cancelled")

    static func violation(_ what: String) -> ClientError {
        ClientError(.protocolViolation, "the server \(what)")
    }
}
