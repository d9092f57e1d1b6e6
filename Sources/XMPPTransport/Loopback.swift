// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Tells whether an address is this very machine, so that what goes there unencrypted cannot be overheard.
public enum Loopback {
    /// - Parameter address: where a connection has really gone to; nil counts as elsewhere.
    public static func contains(_ address: SocketAddress?) -> Bool {
        switch address {
        case .unixDomainSocket: true
        case .v4, .v6: contains(literal: address?.ipAddress ?? "") ?? false
        case nil: false
        }
    }

    /// The same for an address as it stands in a configuration; nil for a name, which only connecting can resolve.
    public static func contains(literal host: String) -> Bool? {
        if let address = try? SocketAddress(ipAddress: host, port: 0), let text = address.ipAddress {
            return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
        }
        return host == "localhost" ? true : nil
    }
}
