// SPDX-License-Identifier: Apache-2.0

/// What goes wrong on the station's side: a code to switch on and a sentence to read.
///
/// The sentence names files, hosts and causes, and never a key or a password.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Hashable, Sendable {
        /// A file or folder could not be read or written; the disk may be full or broken.
        case storage
        /// A file is there but its content is not what we wrote.
        case damaged
        /// A key file that others may read, or that belongs to somebody else.
        case unsafePermissions
        /// A key, certificate or signature could not be made or does not fit.
        case credentials
        /// The identity folder lacks what the step needs, or another process holds it.
        case identity
        /// The component or the server refused, and asking again as we are will not help.
        case refused
        /// The other side said something that does not follow the protocol.
        case protocolViolation
        /// No connection, no answer in time: try again later.
        case unreachable
        /// A report that is larger than the spool or the protocol allows.
        case tooLarge
        /// Configuration: an unknown key, a bad value.
        case configuration
        /// An artifact could not be fetched or does not match its manifest.
        case artifact
        /// The install command failed or took too long.
        case installation
    }

    /// What kind of failure this is.
    public let code: Code
    /// One sentence for people.
    public let text: String

    /// Makes an error.
    public init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// The sentence, led by the code.
    public var description: String { "\(code.rawValue): \(text)" }
}
