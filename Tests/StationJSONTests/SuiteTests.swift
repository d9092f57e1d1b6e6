// SPDX-License-Identifier: Apache-2.0

import Foundation
import StationJSON
import Testing

/// nst/JSONTestSuite, if its `test_parsing` lies somewhere in the folder named by `STATIONMASTER_SUITES`:
/// `y_` must be taken, `n_` refused, `i_` is left open but must not trap.
@Suite struct SuiteTests {
    /// RFC 8259 leaves them open, I-JSON does not (RFC 7493 §2.3).
    static let stricter = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]

    static let folder: URL? = {
        guard let root = ProcessInfo.processInfo.environment["STATIONMASTER_SUITES"],
            let paths = FileManager.default.enumerator(atPath: root)
        else { return nil }
        for case let path as String in paths where path.hasSuffix("test_parsing") {
            return URL(fileURLWithPath: root).appendingPathComponent(path)
        }
        return nil
    }()

    @Test(.enabled(if: folder != nil, "NOT RUN: STATIONMASTER_SUITES names no folder with test_parsing in it"))
    func `the public suite of Nicolas Seriot passes`() throws {
        let folder = try #require(Self.folder)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 300)
        for file in files {
            let name = file.lastPathComponent
            let limits = JSONLimits(bytes: 1 << 20, depth: 512)
            let error = refusal([UInt8](try Data(contentsOf: file)), limits)
            if name.hasPrefix("y_") && !Self.stricter.contains(name) { #expect(error == nil, "\(name)") }
            if name.hasPrefix("n_") || Self.stricter.contains(name) { #expect(error != nil, "\(name)") }
        }
    }
}
