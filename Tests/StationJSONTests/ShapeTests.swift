// SPDX-License-Identifier: Apache-2.0

import StationJSON
import Testing

@Suite struct ShapeTests {
    private static let record = JSONShape.exclusive(
        .object(
            [.init("n", .string(.length(1...3)), "Name."), .init("v", .number(-1...1), required: false, "Value."),
                .init("b", .boolean, required: false, "Flag.")],
            additional: .allowedUnlessMandatory), ["v", "b"])
    private static let shape = JSONShape.object(
        [
            .init("seq", .integer(1...10), "Count."),
            .init("list", .array(record, count: 1...2), "Records."),
            .init("kind", .string(.words(["red", "green"])), required: false, "Colour."),
            .init("any", .any, required: false, ""),
            .init("none", .null, required: false, "Nothing."),
            .init("one", .oneOf([.integer(0...9), .string(.length(1...1)), .number(5...20)]), required: false, "Either."),
            .init(
                "step",
                .choice(
                    by: "is",
                    [
                        .object([.init("is", .string(.words(["a", "b"])), "")], additional: false),
                        .object([.init("is", .string(.words(["c"])), ""), .init("x", .null, "")], additional: false),
                    ]), required: false, "A step."),
        ], additional: false)

    @Test(arguments: [
        #"{"seq":1,"list":[{"n":"abc"}]}"#, #"{"list":[{"n":"a","v":-1},{"n":"é€😀","b":true,"extra":[]}],"seq":10.0}"#,
        #"{"seq":1e1,"list":[{"n":"a"}],"kind":"green","any":{"x":[]},"none":null,"one":3}"#,
        #"{"seq":2,"list":[{"n":"a"}],"one":10,"step":{"is":"b"}}"#, #"{"seq":2,"list":[{"n":"a"}],"one":"x","step":{"is":"c","x":null}}"#,
    ])
    func `a value that fits is taken`(_ text: String) throws {
        try Self.shape.validate(JSONDocument(text).root)
    }

    @Test(arguments: [
        ("[]", "", "must be an object"), (#"{"list":[{"n":"a"}]}"#, "/seq", "required member is missing"),
        (#"{"seq":1}"#, "/list", "required member is missing"),
        (#"{"seq":0,"list":[{"n":"a"}]}"#, "/seq", "must be an integer from 1 to 10"),
        (#"{"seq":1.5,"list":[{"n":"a"}]}"#, "/seq", "must be an integer"),
        (#"{"seq":"1","list":[{"n":"a"}]}"#, "/seq", "must be an integer"),
        (#"{"seq":1,"list":[]}"#, "/list", "must have 1 to 2 items"),
        (#"{"seq":1,"list":{}}"#, "/list", "must be an array"),
        (#"{"seq":1,"list":[{"n":"a"},{"n":""}]}"#, "/list/1/n", "must have 1 to 3 characters"),
        (#"{"seq":1,"list":[{"n":"abcd"}]}"#, "/list/0/n", "must have 1 to 3 characters"),
        (#"{"seq":1,"list":[{"n":"a","v":1.5}]}"#, "/list/0/v", "must be a number from -1.0 to 1.0"),
        (#"{"seq":1,"list":[{"n":"a","v":1,"b":true}]}"#, "/list/0/b", "only one of v, b may stand"),
        (#"{"seq":1,"list":[{"n":"a","x_":1}]}"#, "/list/0/x_", "unknown member that must be understood"),
        (#"{"seq":1,"list":[{"n":"a"}],"no":1}"#, "/no", "unknown member"),
        (#"{"seq":1,"list":[{"n":"a"}],"kind":"blue"}"#, "/kind", "must be one of red, green"),
        (#"{"seq":1,"list":[{"n":"a"}],"kind":1}"#, "/kind", "must be a string"),
        (#"{"seq":1,"list":[{"n":"a"}],"none":0}"#, "/none", "must be null"),
        (#"{"seq":1,"list":[{"n":"a"}],"one":null}"#, "/one", "fits none of the allowed forms"),
        (#"{"seq":1,"list":[{"n":"a"}],"one":7}"#, "/one", "fits more than one of the allowed forms"),
        (#"{"seq":1,"list":[{"n":"a"}],"step":{"is":"c"}}"#, "/step/x", "required member is missing"),
        (#"{"seq":1,"list":[{"n":"a"}],"step":{"is":"d"}}"#, "/step/is", "must be one of a, b, c"),
        (#"{"seq":1,"list":[{"n":"a"}],"step":{"is":1}}"#, "/step/is", "must be a string"),
        (#"{"seq":1,"list":[{"n":"a"}],"step":{}}"#, "/step/is", "required member is missing"),
    ])
    func `a value that does not fit is refused with its place`(_ text: String, _ pointer: String, _ reason: String) throws {
        let root = try JSONDocument(text).root
        let error = failure { () throws(JSONError) in try Self.shape.validate(root) }
        #expect(error == JSONError(pointer: pointer, reason: reason))
        #expect(!Self.shape.accepts(root))
    }

    @Test func `the schema says the same`() throws {
        let schema = Self.shape.schema(title: "t", id: "urn:x", description: "d")
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["required"] == ["seq", "list"])
        #expect(schema["additionalProperties"] == false)
        #expect(schema["properties"]?["seq"] == ["description": "Count.", "type": "integer", "minimum": 1, "maximum": 10])
        let items = schema["properties"]?["list"]?["items"]
        #expect(items?["not"] == ["anyOf": [["required": ["v", "b"]]]])
        #expect(items?["patternProperties"] == ["_$": false])
        #expect(schema["properties"]?["one"]?["oneOf"]?.items.count == 3)
    }
}
