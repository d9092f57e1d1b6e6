// SPDX-License-Identifier: Apache-2.0

/// Checks nodes against rules. Holds plain pointers only. Recursion follows the shape, never the text.
struct ShapeRun {
    let text: UnsafePointer<UInt8>
    let nodes: UnsafePointer<Node>
    let rules: UnsafeBufferPointer<ShapeRule>
    let members: UnsafeBufferPointer<ShapeMember>
    let words: UnsafeBufferPointer<ShapeWord>
    let bytes: UnsafeBufferPointer<UInt8>

    /// Nil if the node fits the rule.
    func check(_ index: Int, _ node: Int) -> ShapeMisfit? {
        let kind = nodes[node].kind
        let fits: Bool
        switch rules[index].operation {
        case .any: return nil
        case .object: return object(index, node)
        case .array: return array(index, node)
        case .oneOf: return oneOf(index, node)
        case .choice: return choice(index, node)
        case .exclusive: return check(rules[index].firstRule, node) ?? exclusive(index, node)
        case .length: fits = kind == Node.string && string(node) { bounds(index, contain: codePoints($0)) }
        case .words: fits = kind == Node.string && string(node) { word(in: index, $0) }
        case .pattern: fits = kind == Node.string && string(node) { rules[index].pattern.matches($0) }
        case .integer:
            let value = kind == Node.number ? JSONNumber.int64(source(node)) : nil
            fits = value.map { $0 >= rules[index].low && $0 <= rules[index].high } ?? false
        case .number: fits = kind == Node.number && number(index, node)
        case .boolean: fits = kind == Node.yes || kind == Node.no
        case .null: fits = kind == Node.null
        }
        return fits ? nil : ShapeMisfit(cause: .value, node: node, rule: index)
    }

    private func object(_ index: Int, _ node: Int) -> ShapeMisfit? {
        guard nodes[node].kind == Node.object else { return ShapeMisfit(cause: .value, node: node, rule: index) }
        let rule = rules[index]
        // The scanner has refused repeated names, so counting down the required ones is enough.
        var missing = rule.required
        // Members mostly come in the order of the shape: look behind the last one first.
        var hint = 0
        var name = node &+ 1
        for _ in 0..<nodes[node].count {
            if let found = member(rule, name, after: hint) {
                hint = found &+ 1
                let member = members[rule.first &+ found]
                if member.isRequired { missing &-= 1 }
                if let misfit = check(member.rule, name &+ 1) { return misfit }
            } else if rule.additional == .refused {
                return ShapeMisfit(cause: .unknownMember, node: name &+ 1, rule: index)
            } else if rule.additional == .allowedUnlessMandatory, string(name, { $0.last == UInt8(ascii: "_") }) {
                return ShapeMisfit(cause: .mandatoryMember, node: name &+ 1, rule: index)
            }
            name = Int(nodes[name &+ 1].next)
        }
        guard missing > 0 else { return nil }
        let absent = members[rule.first..<(rule.first + rule.count)].first { $0.isRequired && value($0.name, in: node) == nil }
        return ShapeMisfit(cause: .missingMember, node: node, rule: index, name: absent?.name)
    }

    /// The position among the rule's members of the one with that name.
    @inline(__always) private func member(_ rule: ShapeRule, _ name: Int, after hint: Int) -> Int? {
        var position = hint
        for _ in 0..<rule.count {
            if position >= rule.count { position = 0 }
            if says(name, members[rule.first &+ position].name) { return position }
            position &+= 1
        }
        return nil
    }

    private func array(_ index: Int, _ node: Int) -> ShapeMisfit? {
        guard nodes[node].kind == Node.array, bounds(index, contain: nodes[node].count) else {
            return ShapeMisfit(cause: .value, node: node, rule: index)
        }
        var item = node &+ 1
        for _ in 0..<nodes[node].count {
            if let misfit = check(rules[index].firstRule, item) { return misfit }
            item = Int(nodes[item].next)
        }
        return nil
    }

    private func oneOf(_ index: Int, _ node: Int) -> ShapeMisfit? {
        let rule = rules[index]
        let matches = (rule.firstRule..<(rule.firstRule + rule.ruleCount)).count { check($0, node) == nil }
        if matches == 1 { return nil }
        return ShapeMisfit(cause: matches == 0 ? .noForm : .severalForms, node: node, rule: index)
    }

    private func choice(_ index: Int, _ node: Int) -> ShapeMisfit? {
        guard nodes[node].kind == Node.object else { return ShapeMisfit(cause: .value, node: node, rule: index) }
        let rule = rules[index]
        let tag = words[rule.first]
        guard let word = value(tag, in: node) else {
            return ShapeMisfit(cause: .missingMember, node: node, rule: index, name: tag)
        }
        for alternative in rule.firstRule..<(rule.firstRule + rule.ruleCount) {
            let shape = rules[alternative]
            for member in members[shape.first..<(shape.first + shape.count)]
            where same(member.name, tag) && check(member.rule, word) == nil {
                return check(alternative, node)
            }
        }
        return ShapeMisfit(cause: .unknownWord, node: word, rule: index)
    }

    private func exclusive(_ index: Int, _ node: Int) -> ShapeMisfit? {
        let rule = rules[index]
        var met = 0
        var name = node &+ 1
        for _ in 0..<nodes[node].count {
            let isNamed = words[rule.first..<(rule.first &+ rule.count)].contains { says(name, $0) }
            if isNamed { met &+= 1 }
            if met > 1 { return ShapeMisfit(cause: .exclusive, node: name &+ 1, rule: index) }
            name = Int(nodes[name &+ 1].next)
        }
        return nil
    }
}
