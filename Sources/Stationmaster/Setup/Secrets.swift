// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files that only their owner may read.
public enum Secrets {
    /// Writes a file with mode 0600, whole or not at all, on the disk when this returns.
    public static func write(_ text: String, to path: String, overwriting: Bool) throws {
        if !overwriting && FileManager.default.fileExists(atPath: path) {
            throw SetupError("\(path) is there already; take it away first, or name another file")
        }
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SetupError("cannot write \(temporary): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, path) == 0
        else {
            unlink(temporary)
            throw SetupError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}

/// Why setting up did not work, as a sentence.
public struct SetupError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    /// Makes one.
    public init(_ description: String) { self.description = description }
}
