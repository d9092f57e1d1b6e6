// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A list of revoked certificates as the command `openssl` reads it.
struct OpenSSLList {
    /// Serial numbers as ours are written.
    let numbers: Set<String>
    let crlNumber: Int64

    init(_ pem: String) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("list-\(UUID().uuidString).pem")
        try Data(pem.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "crl", "-in", file.path, "-noout", "-text"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        var numbers: Set<String> = []
        var crlNumber: Int64 = -1
        var isNext = false
        for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line.hasPrefix("Serial Number: ") { numbers.insert(line.dropFirst(15).lowercased()) }
            if isNext { crlNumber = Int64(line) ?? -1 }
            isNext = line.hasPrefix("X509v3 CRL Number")
        }
        self.numbers = numbers
        self.crlNumber = crlNumber
    }
}
