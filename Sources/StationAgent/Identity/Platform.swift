// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's words for the last failed call. Only valid right after that call.
func systemError(_ call: String, _ path: String, _ code: AgentError.Code = .storage) -> AgentError {
    let number = errno
    return AgentError(code, "\(call) \(path): \(String(cString: strerror(number)))")
}

/// An open file that closes itself. One owner; not shared between threads.
final class FileDescriptor {
    let raw: Int32
    let path: String

    /// Opens `path`; the file does not survive `exec` (O_CLOEXEC), so a restarted agent starts clean.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(AgentError) {
        let opened = open(path, flags | O_CLOEXEC, mode)
        guard opened >= 0 else { throw systemError("open", path) }
        raw = opened
        self.path = path
    }

    deinit { close(raw) }

    /// Writes all bytes; a short write is continued, an interrupted one repeated.
    func write(_ bytes: UnsafeRawBufferPointer) throws(AgentError) {
        var done = 0
        while done < bytes.count {
            let count = systemWrite(raw, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw systemError("write", path)
            }
            if count == 0 { throw AgentError(.storage, "write \(path): nothing written") }
            done += count
        }
    }

    /// Writes all bytes of an array.
    func write(_ bytes: [UInt8]) throws(AgentError) {
        var failure: AgentError?
        bytes.withUnsafeBytes { buffer in
            do throws(AgentError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Makes what was written survive a power loss. Never called again after it failed once.
    func sync() throws(AgentError) {
        guard fsync(raw) == 0 else { throw systemError("fsync", path) }
    }

    /// The size in bytes.
    func size() throws(AgentError) -> Int {
        var information = stat()
        guard fstat(raw, &information) == 0 else { throw systemError("stat", path) }
        return Int(information.st_size)
    }

    /// Cuts the file.
    func truncate(to size: Int) throws(AgentError) {
        guard ftruncate(raw, off_t(size)) == 0 else { throw systemError("truncate", path) }
    }

    /// Reads `count` bytes at `offset`; fewer at the end of the file.
    func read(at offset: Int, count: Int) throws(AgentError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: max(0, count))
        var done = 0
        while done < result.count {
            let at = done
            let wanted = result.count - done
            let got = result.withUnsafeMutableBytes { buffer in
                pread(raw, buffer.baseAddress.map { $0 + at }, wanted, off_t(offset + at))
            }
            if got < 0 {
                if errno == EINTR { continue }
                throw systemError("read", path)
            }
            if got == 0 { break }
            done += got
        }
        result.removeLast(result.count - done)
        return result
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Makes a new or removed name in a folder survive a power loss.
func syncFolder(_ path: String) throws(AgentError) {
    let folder = try FileDescriptor(path, O_RDONLY | O_DIRECTORY)
    try folder.sync()
}

/// Makes a folder (readable by its owner only) and its parents.
func makeFolder(_ path: String) throws(AgentError) {
    var information = stat()
    if stat(path, &information) == 0 {
        guard information.st_mode & S_IFMT == S_IFDIR else { throw AgentError(.storage, "\(path) is not a folder") }
        return
    }
    let parent = parentFolder(path)
    if parent != path { try makeFolder(parent) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw systemError("mkdir", path) }
    try syncFolder(parent)
}

/// The folder a path stands in.
func parentFolder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in a folder, sorted.
func namesInFolder(_ path: String) throws(AgentError) -> [String] {
    guard let folder = opendir(path) else { throw systemError("opendir", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Removes a file; one that is already gone is fine.
func removeFile(_ path: String) throws(AgentError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw systemError("unlink", path) }
}

/// Whether something of that name exists.
func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Marks every open file but the standard three to be closed when another program takes over.
func closeOnExec() {
    guard let names = try? namesInFolder("/proc/self/fd") else { return }
    for case let number? in names.map({ Int32($0) }) where number > 2 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
}
