// SPDX-License-Identifier: Apache-2.0

import Foundation
import StationJSON
import Testing

/// nst/JSONTestSuite, if it lies in the folder named by `STATIONMASTER_SUITES`:
/// `y_` must be taken, `n_` refused, `i_` is left open but must not trap.
@Suite struct SuiteTests {
    /// RFC 8259 leaves them open, I-JSON does not (RFC 7493 §2.3).
    static let stricter = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]

    static let folder: URL? = ProcessInfo.processInfo.environment["STATIONMASTER_SUITES"].map {
        URL(fileURLWithPath: $0).appendingPathComponent("JSONTestSuite/test_parsing")
    }

    @Test(.enabled(if: folder != nil, "STATIONMASTER_SUITES names no folder with JSONTestSuite"))
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
