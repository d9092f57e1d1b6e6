// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A user of this machine.
public struct SystemUser: Sendable, Hashable {
    /// As in `/etc/passwd`.
    public let name: String
    let identifier: uid_t
    let group: gid_t

    /// - Throws: ``SetupError`` if there is no such user.
    public init(_ name: String) throws {
        guard let entry = getpwnam(name) else {
            throw SetupError(
                """
                there is no user '\(name)'; make it, or name another with --user:
                useradd --system --home-dir /var/lib/stationmaster --shell /usr/sbin/nologin \(name)
                """)
        }
        self.name = name
        identifier = entry.pointee.pw_uid
        group = entry.pointee.pw_gid
    }

    /// Whether this process may give files to others.
    public static var isSuperuser: Bool { geteuid() == 0 }
}
