// SPDX-License-Identifier: Apache-2.0

/// Which certification authorities the server's certificate may come from.
public enum TrustRoots: Hashable, Sendable {
    /// Those of the operating system.
    case system
    /// Those in a PEM file, and no others.
    case file(String)
    /// Any certificate will do; refused unless the server is this very machine.
    case insecureLoopback
}
