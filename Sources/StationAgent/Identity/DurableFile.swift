// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Small files that are replaced whole: after a power loss there is the old content or the new one, never a mixture.
enum DurableFile {
    /// Replaces the file: a temporary one is written and synced, renamed over it, and the folder is synced.
    /// - Parameter mode: permission bits; 0600 since everything in an identity folder is the station's own.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(AgentError) {
        let temporary = path + ".new"
        try removeFile(temporary)
        let file = try FileDescriptor(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        guard fchmod(file.raw, mode) == 0 else { throw systemError("chmod", temporary) }
        try file.write(bytes)
        try file.sync()
        guard rename(temporary, path) == 0 else { throw systemError("rename", temporary) }
        try syncFolder(parentFolder(path))
    }

    /// Reads a whole file, or nil if there is none.
    /// - Parameter limit: more bytes than this are refused, since nothing we write is as large.
    static func read(_ path: String, limit: Int = 1 << 20) throws(AgentError) -> [UInt8]? {
        guard fileExists(path) else { return nil }
        let file = try FileDescriptor(path, O_RDONLY)
        let size = try file.size()
        guard size <= limit else { throw AgentError(.damaged, "\(path) has \(size) bytes, more than \(limit)") }
        return try file.read(at: 0, count: size)
    }

    /// Reads a private file: refused unless it is an ordinary file of ours that nobody else may read or write.
    static func readPrivate(_ path: String, limit: Int = 1 << 16) throws(AgentError) -> [UInt8] {
        let file = try FileDescriptor(path, O_RDONLY)
        var information = stat()
        guard fstat(file.raw, &information) == 0 else { throw systemError("stat", path) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw AgentError(.unsafePermissions, "\(path) is not an ordinary file")
        }
        guard information.st_mode & 0o077 == 0 else {
            throw AgentError(.unsafePermissions, "\(path) can be read by others; run: chmod 600 \(path)")
        }
        guard information.st_uid == geteuid() else {
            throw AgentError(.unsafePermissions, "\(path) belongs to another user")
        }
        let size = try file.size()
        guard size <= limit else { throw AgentError(.damaged, "\(path) has \(size) bytes, more than \(limit)") }
        return try file.read(at: 0, count: size)
    }
}

/// Holds a folder for this process alone, until released or the process ends.
///
/// Two agents on one identity would send two reports with one number, and the owner would see a cloned station.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws(AgentError) {
        let path = folder + "/lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw systemError("open", path) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw AgentError(.identity, "\(folder) is in use by another process")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
