// SPDX-License-Identifier: Apache-2.0

/// One shape in the tables. Plain data, so that reading it counts no references.
struct ShapeRule {
    enum Operation: UInt8 {
        case any, object, array, length, words, pattern, integer, number, boolean, null, oneOf, choice, exclusive
    }

    var operation = Operation.any
    /// Bounds: of a count, a length or an integer.
    var low: Int64 = 0
    var high: Int64 = 0
    /// Bounds of a number.
    var least = 0.0
    var most = 0.0
    /// Range of members (object), of words (words, choice, exclusive).
    var first = 0
    var count = 0
    /// Range of rules that stand one after another: the item's (array), the alternatives' (oneOf, choice), the inner
    /// one's (exclusive).
    var firstRule = 0
    var ruleCount = 0
    var required = 0
    var additional = JSONShape.AdditionalMembers.allowed
    var pattern = StringPattern.serial
}

/// A run of bytes in ``ShapeTables/bytes``.
struct ShapeWord {
    let start: Int
    let count: Int
}

/// A member of an object shape.
struct ShapeMember {
    let name: ShapeWord
    let rule: Int
    let isRequired: Bool
}

/// A shape as flat tables.
struct ShapeTables: Sendable {
    private(set) var rules: [ShapeRule] = []
    private(set) var members: [ShapeMember] = []
    private(set) var words: [ShapeWord] = []
    private(set) var bytes: [UInt8] = []
    /// The rule of the whole shape.
    let root = 0

    init(_ shape: JSONShape) {
        rules = [ShapeRule()]
        fill(root, shape)
    }

    /// The text of a word.
    func text(_ word: ShapeWord) -> String { String(decoding: bytes[word.start..<(word.start + word.count)], as: UTF8.self) }

    /// The words of a rule.
    func texts(_ rule: ShapeRule) -> [String] { words[rule.first..<(rule.first + rule.count)].map(text) }

    private mutating func fill(_ index: Int, _ shape: JSONShape) {
        var rule = ShapeRule()
        switch shape {
        case .any: rule.operation = .any
        case .boolean: rule.operation = .boolean
        case .null: rule.operation = .null
        case .integer(let range): (rule.operation, rule.low, rule.high) = (.integer, range.lowerBound, range.upperBound)
        case .number(let range): (rule.operation, rule.least, rule.most) = (.number, range.lowerBound, range.upperBound)
        case .string(let string): fill(&rule, string)
        case .array(let item, let count):
            (rule.operation, rule.low, rule.high) = (.array, Int64(count.lowerBound), Int64(count.upperBound))
            addRules(&rule, [item])
        case .oneOf(let shapes):
            rule.operation = .oneOf
            addRules(&rule, shapes)
        case .choice(let tag, let shapes):
            rule.operation = .choice
            addWords(&rule, [tag])
            addRules(&rule, shapes)
        case .exclusive(let inner, let names):
            rule.operation = .exclusive
            addWords(&rule, names)
            addRules(&rule, [inner])
        case .object(let list, let additional): fill(&rule, list, additional)
        }
        rules[index] = rule
    }

    private mutating func fill(_ rule: inout ShapeRule, _ string: StringRule) {
        switch string {
        case .length(let range):
            (rule.operation, rule.low, rule.high) = (.length, Int64(range.lowerBound), Int64(range.upperBound))
        case .words(let list):
            rule.operation = .words
            addWords(&rule, list)
        case .pattern(let pattern): (rule.operation, rule.pattern) = (.pattern, pattern)
        }
    }

    private mutating func fill(
        _ rule: inout ShapeRule, _ list: [JSONShape.Member], _ additional: JSONShape.AdditionalMembers
    ) {
        rule.operation = .object
        rule.additional = additional
        rule.required = list.count { $0.isRequired }
        addRules(&rule, list.map(\.shape))
        (rule.first, rule.count) = (members.count, list.count)
        for (position, member) in list.enumerated() {
            members.append(
                ShapeMember(name: add(member.name), rule: rule.firstRule + position, isRequired: member.isRequired))
        }
    }

    private mutating func addRules(_ rule: inout ShapeRule, _ shapes: [JSONShape]) {
        (rule.firstRule, rule.ruleCount) = (rules.count, shapes.count)
        rules.append(contentsOf: Array(repeating: ShapeRule(), count: shapes.count))
        for (position, shape) in shapes.enumerated() { fill(rule.firstRule + position, shape) }
    }

    private mutating func addWords(_ rule: inout ShapeRule, _ list: [String]) {
        (rule.first, rule.count) = (words.count, list.count)
        for text in list { words.append(add(text)) }
    }

    private mutating func add(_ text: String) -> ShapeWord {
        let word = ShapeWord(start: bytes.count, count: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        return word
    }
}
