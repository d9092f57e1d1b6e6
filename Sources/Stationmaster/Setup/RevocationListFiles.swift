// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import Logging

/// Writes the lists of revoked certificates as files for the server.
enum RevocationListFiles {
    /// Nil if no list has a path.
    static func writer(
        _ paths: [AuthorityRole: String], _ logger: Logger
    ) -> (@Sendable (AuthorityRole, String) -> String?)? {
        guard !paths.isEmpty else { return nil }
        return { role, text in
            guard let path = paths[role], let failure = write(text, to: path) else { return nil }
            logger.error(
                "list of revoked certificates not written", metadata: ["path": "\(path)", "error": "\(failure)"])
            return failure
        }
    }

    /// Whole or not at all, readable by all, on the disk when this returns; what went wrong otherwise.
    static func write(_ text: String, to path: String) -> String? {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return "cannot write \(temporary): \(String(cString: strerror(errno)))" }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return failed(temporary, path) }
            bytes = bytes.dropFirst(count)
        }
        // The umask of a service is often stricter, and the server is another user.
        guard fchmod(descriptor, 0o644) == 0, fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            return failed(temporary, path)
        }
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        defer { close(folder) }
        return fsync(folder) == 0 ? nil : "cannot sync the folder of \(path): \(String(cString: strerror(errno)))"
    }

    private static func failed(_ temporary: String, _ path: String) -> String {
        let reason = String(cString: strerror(errno))
        unlink(temporary)
        return "cannot write \(path): \(reason)"
    }
}
