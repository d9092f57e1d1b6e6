// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct LimitTests {
    private func nested(_ depth: Int, _ open: String = "[", _ close: String = "]") -> String {
        String(repeating: open, count: depth) + (open == "[" ? "" : "0") + String(repeating: close, count: depth)
    }

    @Test func `depth 32 is taken and 33 refused`() {
        #expect(refusal(nested(32)) == nil)
        #expect(refusal(nested(33))?.reason == "nested deeper than 32")
        #expect(refusal(nested(32, "{\"a\":", "}")) == nil)
        #expect(refusal(nested(33, "{\"a\":", "}"))?.reason == "nested deeper than 32")
        #expect(refusal("[" + String(repeating: "[],", count: 100) + "[]]") == nil)
    }

    @Test(arguments: [0, 1, 2, 64, 512])
    func `another depth holds as well`(_ depth: Int) {
        let limits = JSONLimits(depth: depth)
        #expect(refusal(depth == 0 ? "1" : nested(depth), limits) == nil)
        #expect(refusal(nested(depth + 1), limits) != nil)
    }

    @Test func `no limit goes beyond what the call stack can walk`() {
        #expect(refusal(nested(513), JSONLimits(depth: 1_000_000))?.reason == "nested deeper than 512")
        #expect(refusal(String(repeating: "[", count: 65_536)) != nil)
        #expect(refusal("1", JSONLimits(bytes: -1, depth: -1)) != nil)
    }

    @Test func `64 KiB are taken and one byte more refused`() {
        let limit = 65_536
        #expect(refusal("\"" + String(repeating: "a", count: limit - 2) + "\"") == nil)
        #expect(refusal("\"" + String(repeating: "a", count: limit - 1) + "\"")?.reason == "larger than 65536 bytes")
        #expect(refusal(String(repeating: " ", count: limit - 1) + "1") == nil)
        #expect(refusal("[1]", JSONLimits(bytes: 3)) == nil)
        #expect(refusal("[1]", JSONLimits(bytes: 2)) != nil)
    }

    @Test func `a text full of values fits the tape`() throws {
        let text = "[" + String(repeating: "0,", count: 32_000) + "0]"
        let root = try JSONDocument(text).root
        #expect(root.count == 32_001)
        #expect(root.items.last?.pointer == "/32000")
    }

    @Test func `a reader gives each document its own storage while the last one is held`() throws {
        var reader = JSONReader(limits: JSONLimits(bytes: 4096))
        let first = try reader.read(Array("[1]".utf8))
        let second = try reader.read(Array(#"{"a":"\#(String(repeating: "x", count: 2000))"}"#.utf8))
        #expect(first.root.items.first?.int64 == 1)
        #expect(second.root["a"]?.string?.count == 2000)
        #expect(failure { () throws(JSONError) in try reader.read(Array("[".utf8)) } != nil)
        #expect(first.bytes == Array("[1]".utf8))
        #expect(failure { () throws(JSONError) in try reader.read([UInt8](repeating: 0x20, count: 4097)) } != nil)
    }
}
