// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

/// I-JSON forbids two members of one name (RFC 7493 §2.3).
@Suite struct NameTests {
    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "/a"), (#"{"a":1,"b":2,"a":3}"#, "/a"), (#"{"a":1,"\u0061":2}"#, "/a"),
        (#"{"\u0061":1,"\u0061":2}"#, "/a"), (#"{"é":1,"\u00e9":2}"#, "/é"), (#"{"😀":1,"\ud83d\ude00":2}"#, "/😀"),
        (#"{"\/":1,"/":2}"#, "/~1"), (#"{"":1,"":2}"#, "/"), (#"{"\n":1,"\u000a":2}"#, "/\n"),
        (#"[0,{"x":{"a":[{}],"a":[]}}]"#, "/1/x/a"), (#"{"\u0000":1,"\u0000":2}"#, "/\0"),
    ])
    func `a name that stands twice is refused`(_ text: String, _ pointer: String) {
        let error = refusal(text)
        #expect(error?.reason == "member stands twice")
        #expect(error?.pointer == pointer)
    }

    @Test(arguments: [
        #"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#, #"{"a":1,"A":2}"#, #"{"a":1,"a ":2}"#, #"{"é":1,"e\u0301":2}"#,
        #"{"ab":1,"ba":2,"aab":3,"abb":4}"#, #"{"axb":1,"ayb":2,"a\u007ab":3}"#, #"{"\\u0061":1,"a":2}"#,
    ])
    func `names that differ in any byte are different`(_ text: String) {
        #expect(refusal(text) == nil)
    }

    @Test(arguments: [2, 11, 12, 13, 64, 500, 3000])
    func `repetition is found among few and among many`(_ count: Int) {
        let names = (0..<count).map { "\"x\($0)y\":\($0)" }
        #expect(refusal("{" + names.joined(separator: ",") + "}") == nil)
        for repeated in [0, count / 2, count - 1] {
            let text = "{" + (names + ["\"\\u0078\(repeated)y\":[]"]).joined(separator: ",") + "}"
            #expect(refusal(text)?.pointer == "/x\(repeated)y")
        }
    }

    @Test func `a member is found by its unescaped name`() throws {
        let root = try JSONDocument(#"{"a\u0062c":1,"é":2,"":3,"a":{"b":4}}"#).root
        #expect(root["abc"]?.int64 == 1)
        #expect(root["e\u{301}"] == nil)
        #expect(root["é"]?.int64 == 2)
        #expect(root[""]?.int64 == 3)
        #expect(root["a"]?["b"]?.int64 == 4)
        #expect(root["b"] == nil)
        #expect(root.members.map(\.key) == ["abc", "é", "", "a"])
    }
}
