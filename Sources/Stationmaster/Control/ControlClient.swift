// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationCore
import StationJSON

/// The commands' side of the Unix socket: one request, one answer, blocking. For the command line.
public struct ControlClient {
    private let path: String

    public init(path: String) { self.path = path }

    /// Sends a command and waits for its answer.
    ///
    /// Throws ``CommandError``: what the component answered, or `remote-server-not-found` when nobody listens.
    public func call(_ command: String, _ arguments: JSON = .object([]), timeout: Int = 30) throws -> JSON {
        let descriptor = try connect(timeout)
        defer { close(descriptor) }
        let request: JSON = .object([
            .init("id", .integer(1)), .init("command", .string(command)), .init("arguments", arguments),
        ])
        try write(request.serialized() + [UInt8(ascii: "\n")], to: descriptor)
        var limits = JSONLimits()
        limits.bytes = 256 * 1024 * 1024
        let answer = try JSONDocument(readLine(from: descriptor), limits: limits).root
        if let error = answer["error"] {
            throw CommandError(error["condition"]?.string ?? "undefined", error["text"]?.string ?? "")
        }
        return answer["result"]?.json ?? .null
    }

    private var nobody: CommandError {
        CommandError(
            "not-running", "nobody listens on \(path); is 'stationmaster run' running with this configuration?")
    }

    private func connect(_ timeout: Int) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw nobody }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target -> Bool in
            guard bytes.count < target.count else { return false }
            target.copyBytes(from: bytes)
            return true
        }
        guard fits else {
            close(descriptor)
            throw CommandError("bad-request", "the path \(path) is too long for a Unix socket")
        }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw nobody
        }
        return descriptor
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw nobody }
            offset += count
        }
    }

    private func readLine(from descriptor: Int32) throws -> [UInt8] {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while line.last != UInt8(ascii: "\n") {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                throw CommandError("timeout", "the component did not answer")
            }
            line.append(contentsOf: buffer[..<count])
        }
        return line
    }
}
