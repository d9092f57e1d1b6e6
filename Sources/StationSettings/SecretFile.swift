// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files with keys, secrets and passwords, which nobody but their owner may read.
public enum SecretFile {
    /// The most that is read: keys and passwords are short.
    static let largest = 64 * 1024

    /// The text of the file. What is looked at is the file that was opened, so it cannot be exchanged in between.
    public static func read(_ path: String) throws(SecretFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SecretFileError("\(path) cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SecretFileError("\(path) cannot be read") }
        guard status.st_mode & 0o077 == 0 else {
            throw SecretFileError("others can read \(path); run: chmod 600 \(path)")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw SecretFileError("\(path) cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= largest else { throw SecretFileError("\(path) is too long for a key or password") }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A password: the file's text without the line ends behind it.
    public static func password(_ path: String) throws(SecretFileError) -> String {
        let password = try read(path).trimmingCharacters(in: .newlines)
        guard !password.isEmpty else { throw SecretFileError("\(path) is empty") }
        return password
    }
}

/// Why a secret file was not read, as a sentence.
public struct SecretFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
