// SPDX-License-Identifier: Apache-2.0

extension JSONShape {
    /// The JSON Schema (draft 2020-12) that accepts exactly what ``validate(_:)`` accepts.
    ///
    /// - Parameters:
    ///   - title: the name of the kind.
    ///   - id: the URI of the schema.
    ///   - description: a sentence about it.
    public func schema(title: String, id: String, description: String) -> JSON {
        let head: [JSON.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("$id", .string(id)),
            .init("title", .string(title)),
            .init("description", .string(description)),
        ]
        return .object(head + keywords)
    }

    private var keywords: [JSON.Member] {
        switch self {
        case .any: []
        case .object(let members, let additional): Self.keywords(members, additional)
        case .array(let shape, let count):
            [
                .init("type", "array"), .init("items", .object(shape.keywords)),
                .init("minItems", .integer(Int64(count.lowerBound))),
                .init("maxItems", .integer(Int64(count.upperBound))),
            ]
        case .string(let rule): Self.keywords(rule)
        case .integer(let range):
            [
                .init("type", "integer"), .init("minimum", .integer(range.lowerBound)),
                .init("maximum", .integer(range.upperBound)),
            ]
        case .number(let range): Self.keywords(range)
        case .boolean: [.init("type", "boolean")]
        case .null: [.init("type", "null")]
        case .oneOf(let shapes), .choice(_, let shapes):
            [.init("oneOf", .array(shapes.map { .object($0.keywords) }))]
        case .exclusive(let shape, let names): shape.keywords + [Self.atMostOne(of: names)]
        }
    }

    private static func keywords(_ members: [Member], _ additional: AdditionalMembers) -> [JSON.Member] {
        let properties = members.map { member in
            let description = member.description.isEmpty ? [] : [JSON.Member("description", .string(member.description))]
            return JSON.Member(member.name, .object(description + member.shape.keywords))
        }
        let required = members.filter(\.isRequired).map { JSON.string($0.name) }
        var keywords: [JSON.Member] = [.init("type", "object"), .init("properties", .object(properties))]
        if !required.isEmpty { keywords.append(.init("required", .array(required))) }
        switch additional {
        case .allowed: break
        case .refused: keywords.append(.init("additionalProperties", false))
        case .allowedUnlessMandatory: keywords.append(.init("patternProperties", .object([.init("_$", false)])))
        }
        return keywords
    }

    private static func keywords(_ rule: StringRule) -> [JSON.Member] {
        switch rule {
        case .words(let words): return [.init("enum", .array(words.map { .string($0) }))]
        case .length(let range): return [.init("type", "string")] + lengths(range)
        case .pattern(let pattern):
            var keywords = [.init("type", "string")] + lengths(pattern.length)
            keywords.append(.init("pattern", .string(pattern.regularExpression)))
            // Some engines let `$` match before a last line break; a fixed length already rules that out.
            if pattern.length.lowerBound != pattern.length.upperBound {
                keywords.append(.init("not", .object([.init("pattern", "\n")])))
            }
            return keywords
        }
    }

    private static func lengths(_ range: ClosedRange<Int>) -> [JSON.Member] {
        [
            .init("minLength", .integer(Int64(range.lowerBound))),
            .init("maxLength", .integer(Int64(range.upperBound))),
        ]
    }

    private static func keywords(_ range: ClosedRange<Double>) -> [JSON.Member] {
        var keywords: [JSON.Member] = [.init("type", "number")]
        if range.lowerBound > -Double.greatestFiniteMagnitude { keywords.append(.init("minimum", .number(range.lowerBound))) }
        if range.upperBound < Double.greatestFiniteMagnitude { keywords.append(.init("maximum", .number(range.upperBound))) }
        return keywords
    }

    private static func atMostOne(of names: [String]) -> JSON.Member {
        var pairs: [JSON] = []
        for (position, first) in names.enumerated() {
            for second in names.dropFirst(position + 1) {
                pairs.append(.object([.init("required", .array([.string(first), .string(second)]))]))
            }
        }
        return .init("not", .object([.init("anyOf", .array(pairs))]))
    }
}
