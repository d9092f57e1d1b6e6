// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A folder of a test's own, gone when the test is.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "station-agent-" + String(UInt64.random(in: .min ... .max), radix: 16)
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8], mode: Int = 0o600) {
        _ = FileManager.default.createFile(
            atPath: path + "/" + name, contents: Data(bytes), attributes: [.posixPermissions: mode])
    }

    func read(_ name: String) -> [UInt8] { FileManager.default.contents(atPath: path + "/" + name).map { Array($0) } ?? [] }

    func names(_ folder: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
    }
}
