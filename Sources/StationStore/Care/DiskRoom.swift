// SPDX-License-Identifier: Apache-2.0
import Foundation

/// How much room a disk has.
package struct DiskRoom: Sendable {
    /// The bytes that this process may still write where a path lies; nil if the system does not say.
    package let free: @Sendable (_ path: String) -> Int64?

    package init(free: @escaping @Sendable (_ path: String) -> Int64?) { self.free = free }

    /// What the system says.
    package static let system = DiskRoom { path in
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, isMore) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        return isMore ? Int64.max : bytes
    }

    /// What a backup leaves free for the store beside it: what is reported and written back while a slice is copied, and
    /// some time to see to the disk.
    package static let reserve: Int64 = 128 << 20

    /// Throws unless there is room for so many bytes of a backup where a path lies.
    func require(_ bytes: Int64, at path: String) throws {
        guard let free = free(path), free &- Self.reserve < bytes else { return }
        func mebibytes(_ bytes: Int64) -> Int64 { (bytes + 0xF_FFFF) >> 20 }
        throw StoreError(
            .unusable,
            "the backup takes \(mebibytes(bytes)) MiB more, and at \(path) are \(free >> 20) MiB free, of which "
                + "\(mebibytes(Self.reserve)) stay free for the store; remove something there, or name a folder on another disk")
    }
}
