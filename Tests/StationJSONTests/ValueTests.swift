// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct ValueTests {
    private let text = #"{"o":{"x/y":[1,{"~":null}]},"s":"a\nb","n":-1.5,"t":true,"f":false,"z":null,"a":[]}"#

    @Test func `kinds and values are told`() throws {
        let root = try JSONDocument(text).root
        #expect(root.members.map(\.value.kind) == [.object, .string, .number, .boolean, .boolean, .null, .array])
        #expect(root["s"]?.string == "a\nb")
        #expect(root["n"]?.double == -1.5)
        #expect(root["t"]?.bool == true)
        #expect(root["f"]?.bool == false)
        #expect(root["z"]?.isNull == true)
        #expect(root["a"]?.items.isEmpty == true)
        #expect(root["s"]?.double == nil && root["s"]?.items.isEmpty == true && root["n"]?.string == nil)
        #expect(root["s"]?["x"] == nil && root["z"]?.bool == nil)
    }

    @Test func `each value knows its pointer`() throws {
        let root = try JSONDocument(text).root
        #expect(root.pointer == "")
        #expect(root["z"]?.pointer == "/z")
        let list = try #require(root["o"]?["x/y"])
        #expect(list.pointer == "/o/x~1y")
        #expect(list.items.map(\.pointer) == ["/o/x~1y/0", "/o/x~1y/1"])
        #expect(list.items.last?["~"]?.pointer == "/o/x~1y/1/~0")
    }

    @Test func `the slice of a value is its source text`() throws {
        let root = try JSONDocument(#" { "a" : [ 1 , "\u0041" ] } "#).root
        func slice(_ value: JSONValue?) -> String? { value?.withRawBytes { String(decoding: $0, as: UTF8.self) } }
        #expect(slice(root) == #"{ "a" : [ 1 , "\u0041" ] }"#)
        #expect(slice(root["a"]) == #"[ 1 , "\u0041" ]"#)
        #expect(slice(root["a"]?.items.last) == #""\u0041""#)
        #expect(root["a"]?.items.last?.withStringBytes { Array($0) } == [0x41])
        #expect(root["a"]?.withStringBytes { Array($0) } == nil)
    }

    @Test func `requiring another kind names the place`() throws {
        let root = try JSONDocument(text).root
        let value = try #require(root["o"])
        #expect(failure { () throws(JSONError) in try value.requireString() } == JSONError(pointer: "/o", reason: "must be a string"))
        #expect(failure { () throws(JSONError) in try value.requireArray() }?.reason == "must be an array")
        #expect(failure { () throws(JSONError) in try value.requireInt64() }?.reason == "must be an integer")
        #expect(failure { () throws(JSONError) in try value.requireDouble() }?.reason == "must be a number")
        #expect(failure { () throws(JSONError) in try value.requireBool() }?.reason == "must be true or false")
        #expect(failure { () throws(JSONError) in try value.require("a/b") }?.pointer == "/o/a~1b")
        let plain = try root.require("s")
        #expect(failure { () throws(JSONError) in try plain.require("x") } == JSONError(pointer: "/s", reason: "must be an object"))
    }

    @Test func `owned values are changed by name and compared as JSON`() {
        var json: JSON = ["a": 1, "b": [true, nil, 2.5, "x"]]
        json["c"] = "new"
        json["a"] = nil
        #expect(json.text == #"{"b":[true,null,2.5,"x"],"c":"new"}"#)
        #expect(JSON.integer(1) == .number(1.0) && JSON.integer(1).hashValue == JSON.number(1.0).hashValue)
        #expect(JSON.string("é") != .string("e\u{301}"))
        #expect(JSON.integer(.max) != .number(9.3e18))
        #expect(JSON.object(["a": 1, "b": nil]).text == #"{"a":1}"#)
    }
}
