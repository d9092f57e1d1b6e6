// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What fuzzers found is looked at in each run of the tests, with the code that the fuzzers run (`Tests/Fuzzing`).
@Suite struct FuzzCaseTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fuzzing/Cases")

    @Test(arguments: FuzzTarget.allCases)
    func `a case that was found stays mended`(_ target: FuzzTarget) throws {
        let folder = Self.folder.appendingPathComponent(target.rawValue)
        let cases = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(!cases.isEmpty)
        for name in cases {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
            #expect(target.run(bytes) == nil, "Tests/Fuzzing/Cases/\(target.rawValue)/\(name)")
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `the fuzzers' first inputs and their cut and flipped forms are taken without a flaw`(_ target: FuzzTarget) {
        for seed in target.seeds {
            #expect(target.run(seed) == nil)
            for place in seed.indices where place % 5 == 2 {
                #expect(target.run(Array(seed[..<place])) == nil)
                var flipped = seed
                flipped[place] ^= 1 << UInt8(place % 8)
                #expect(target.run(flipped) == nil, "\(target.rawValue): \(flipped)")
            }
        }
    }
}
