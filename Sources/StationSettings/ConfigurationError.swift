// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a configuration: names the key, the file (or environment variable) and the line.
/// A program that meets it exits with status 78 (`EX_CONFIG` of sysexits.h).
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The dotted key, for example `component.port`; empty if the file as a whole is meant.
    public let key: String
    /// `path:line`, or `environment variable NAME`, or the path alone.
    public let place: String
    /// What is wrong, and what is expected.
    public let reason: String

    public init(key: String, place: String, reason: String) {
        self.key = key
        self.place = place
        self.reason = reason
    }

    public var description: String {
        key.isEmpty ? "\(place): \(reason)" : "\(place): \(key): \(reason)"
    }

    /// `EX_CONFIG`.
    public static let exitStatus: Int32 = 78
}
