// SPDX-License-Identifier: Apache-2.0
import StationDigest

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a manifest says about one artifact, as far as fetching it goes.
public struct ArtifactDescription: Hashable, Sendable {
    /// Bytes, exactly.
    public var size: Int64
    /// SHA-256 in lower-case hex.
    public var sha256: String
    /// Where it can be had, best first.
    public var addresses: [String]

    /// Makes a description.
    public init(size: Int64, sha256: String, addresses: [String]) {
        self.size = size
        self.sha256 = sha256
        self.addresses = addresses
    }
}

/// An artifact that is being written: every byte is counted and hashed on its way to the disk, and not one more than the
/// manifest allows is written.
final class ArtifactFile {
    let path: String
    private let file: FileDescriptor
    private let size: Int64
    private let expected: String
    private var hasher = SHA256Hasher()
    private(set) var written: Int64 = 0

    /// Opens the partial file and hashes what is already there, so that a download goes on where it was cut.
    init(path: String, artifact: ArtifactDescription) throws(AgentError) {
        self.path = path
        size = artifact.size
        expected = artifact.sha256.lowercased()
        file = try FileDescriptor(path, O_RDWR | O_CREAT)
        if Int64(try file.size()) > size { try file.truncate(to: 0) }
        while true {
            let bytes = try file.read(at: Int(written), count: 1 << 16)
            if bytes.isEmpty { break }
            hasher.update(bytes)
            written += Int64(bytes.count)
        }
        guard lseek(file.raw, 0, SEEK_END) >= 0 else { throw systemError("seek", path) }
    }

    /// Begins again from nothing.
    func restart() throws(AgentError) {
        try file.truncate(to: 0)
        guard lseek(file.raw, 0, SEEK_SET) >= 0 else { throw systemError("seek", path) }
        hasher = SHA256Hasher()
        written = 0
    }

    /// Adds bytes.
    /// - Throws: ``UpdateRefusal`` as soon as there are more than the manifest says; ``AgentError`` if the disk fails.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard Int64(bytes.count) <= size - written else {
            throw UpdateRefusal(.artifactTooLong, "more than \(size) bytes")
        }
        try file.write(bytes)
        hasher.update(bytes)
        written += Int64(bytes.count)
    }

    /// Checks length and hash, makes the file durable, and gives it its final name.
    func finish(as final: String) throws {
        guard written == size else {
            throw UpdateRefusal(.artifactTooShort, "\(written) of \(size) bytes")
        }
        guard Hex.encode(hasher.finalize()) == expected else { throw UpdateRefusal(.artifactOtherHash) }
        try file.sync()
        guard rename(path, final) == 0 else { throw systemError("rename", path) }
        try syncFolder(parentFolder(final))
    }
}
