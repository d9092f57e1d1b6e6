// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One process owns one store: an exclusive lock on a file beside it, which holds the owner's process number.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// - Parameter what: what is locked, for people.
    init(path: String, of what: String = "the store") throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.unusable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = pread(descriptor, &buffer, buffer.count, 0)
            let owner = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            close(descriptor)
            throw StoreError(
                .locked, "\(what) is in use by process \(owner.isEmpty ? "unknown" : owner) (\(path)); stop that first")
        }
        let text = Array(String(getpid()).utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }
}
