// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file of the log by its descriptor. Every failure is an error with the path and what the system said.
final class SegmentFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens a file, or makes it with mode 0600.
    init(path: String, create: Bool = false, readOnly: Bool = false) throws {
        self.path = path
        descriptor = open(path, (readOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0), 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
    }

    deinit { close(descriptor) }

    static func failure(_ what: String, _ path: String) -> StoreError {
        StoreError(.unusable, "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }

    func size() throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("read the size of", path) }
        return Int(status.st_size)
    }

    /// Fills the buffer from `offset` on; less only at the end of the file.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("read", path)
            }
            done += count
        }
        return done
    }

    /// Writes all of the pieces at `offset`, in as few calls as the system allows.
    func write(_ pieces: [UnsafeRawBufferPointer], at offset: Int) throws {
        var offset = offset
        var vectors = pieces.filter { !$0.isEmpty }.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        while !vectors.isEmpty {
            let count = pwritev(descriptor, vectors, Int32(vectors.count), off_t(offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("write", path)
            }
            guard count > 0 else { throw StoreError(.unusable, "cannot write \(path): nothing was taken") }
            offset += count
            var rest = count
            while let first = vectors.first, rest >= first.iov_len {
                rest -= first.iov_len
                vectors.removeFirst()
            }
            if rest > 0, let first = vectors.first {
                vectors[0] = iovec(iov_base: first.iov_base + rest, iov_len: first.iov_len - rest)
            }
        }
    }

    /// When this returns, what was written is on the disk. A failure is never retried: the pages may be gone.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw Self.failure("sync", path) }
    }

    func cut(to size: Int) throws {
        guard ftruncate(descriptor, off_t(size)) == 0, fsync(descriptor) == 0 else { throw Self.failure("cut", path) }
    }

    /// Makes a folder, if it is not there yet, and its name durable.
    static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else {
            guard errno == EEXIST else { throw failure("make", path) }
            return
        }
        try syncFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Makes names that were added to or removed from a folder durable.
    static func syncFolder(_ path: String) throws {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure("sync", path) }
    }
}
