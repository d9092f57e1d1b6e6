// SPDX-License-Identifier: Apache-2.0

/// What does not fit, as plain data; the words are made only then.
struct ShapeMisfit {
    enum Cause: UInt8 {
        /// Another kind of value, or outside the rule's bounds.
        case value
        case missingMember, unknownMember, mandatoryMember, noForm, severalForms, exclusive, unknownWord
    }

    let cause: Cause
    /// The value.
    let node: Int
    /// The rule that it does not fit.
    let rule: Int
    /// The missing member's name.
    var name: ShapeWord?

    func error(_ tape: JSONTape, _ tables: ShapeTables) -> JSONError {
        let value = JSONValue(tape: tape, index: node)
        if cause == .missingMember, let name {
            return JSONError(
                pointer: value.pointer + "/" + pointerToken(tables.text(name)), reason: "required member is missing")
        }
        return value.error(reason(value, tables))
    }

    private func reason(_ value: JSONValue, _ tables: ShapeTables) -> String {
        let rule = tables.rules[rule]
        switch cause {
        case .value: return reason(value, rule, tables)
        case .missingMember: return "required member is missing"
        case .unknownMember: return "unknown member"
        case .mandatoryMember: return "unknown member that must be understood"
        case .noForm: return "fits none of the allowed forms"
        case .severalForms: return "fits more than one of the allowed forms"
        case .exclusive: return "only one of " + tables.texts(rule).joined(separator: ", ") + " may stand"
        case .unknownWord:
            let words = (rule.firstRule..<(rule.firstRule + rule.ruleCount)).flatMap { tagWords(rule, $0, tables) }
            return value.string == nil ? "must be a string" : "must be one of " + words.joined(separator: ", ")
        }
    }

    private func reason(_ value: JSONValue, _ rule: ShapeRule, _ tables: ShapeTables) -> String {
        switch rule.operation {
        case .object, .choice, .exclusive: "must be an object"
        case .array: value.kind == .array ? "must have \(rule.low) to \(rule.high) items" : "must be an array"
        case .length where value.kind == .string: "must have \(rule.low) to \(rule.high) characters"
        case .words where value.kind == .string: "must be one of " + tables.texts(rule).joined(separator: ", ")
        case .pattern where value.kind == .string: "must be " + rule.pattern.phrase
        case .length, .words, .pattern: "must be a string"
        case .integer: value.int64 == nil ? "must be an integer" : rangeReason(rule.low...rule.high)
        case .number: value.kind == .number ? "must be a number from \(rule.least) to \(rule.most)" : "must be a number"
        case .boolean: "must be true or false"
        case .null: "must be null"
        case .any, .oneOf: "does not fit"
        }
    }

    /// The words that one alternative of a choice allows for the tag.
    private func tagWords(_ choice: ShapeRule, _ alternative: Int, _ tables: ShapeTables) -> [String] {
        let tag = tables.text(tables.words[choice.first])
        let object = tables.rules[alternative]
        for member in tables.members[object.first..<(object.first + object.count)] where tables.text(member.name) == tag {
            return tables.texts(tables.rules[member.rule])
        }
        return []
    }
}
