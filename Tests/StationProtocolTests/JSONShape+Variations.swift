// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// Variations of valid values: at each place the bounds of the shape and one beyond, other kinds of value, missing and
/// extra members, and seeded combinations of these. The same seed gives the same texts.
struct Variation {
    /// The path from the root: member names and item positions.
    enum Step: Hashable {
        case member(String)
        case item(Int)
    }

    /// A change at a place.
    enum Change {
        case replace(JSON)
        case remove
        case add(String, JSON)
    }

    let path: [Step]
    let change: Change
}

/// A number written in a way that ``JSON`` would not write it stands as a marked string until the text is made.
private func raw(_ number: String) -> JSON { .string("<raw \(number) raw>") }

extension JSONShape {
    /// JSON texts near the valid examples, at most `count`.
    func variations(of examples: [JSON], seed: UInt64, count: Int) -> [String] {
        var random = VariationRandom(state: seed)
        var texts: [String] = []
        for example in examples {
            let variations = places(example, []).shuffled(using: &random)
            texts += variations.map { text(example.changed(by: $0)) }
            for _ in 0..<variations.count / 4 {
                guard let first = variations.randomElement(using: &random), let second = variations.randomElement(using: &random)
                else { break }
                texts.append(text(example.changed(by: first).changed(by: second)))
            }
        }
        return Array(texts.filter { $0.utf8.count <= 65_536 }.shuffled(using: &random).prefix(count))
    }

    private func text(_ json: JSON) -> String {
        json.text.replacing("\"<raw ", with: "").replacing(" raw>\"", with: "")
    }

    private func places(_ value: JSON, _ path: [Variation.Step]) -> [Variation] {
        var found = (replacements(value) + Self.otherKinds).map { Variation(path: path, change: .replace($0)) }
        switch self {
        case .object(let members, _):
            found.append(Variation(path: path, change: .add("unheardOf", 1)))
            found.append(Variation(path: path, change: .add("unheardOf_", 1)))
            for member in members {
                let place = path + [.member(member.name)]
                if let inner = value[member.name] {
                    found.append(Variation(path: place, change: .remove))
                    found += member.shape.places(inner, place)
                } else {
                    found += member.shape.seeds.map { Variation(path: path, change: .add(member.name, $0)) }
                }
            }
        case .array(let shape, let count):
            let items = value.items
            let lengths = [count.lowerBound - 1, count.lowerBound, count.upperBound, count.upperBound + 1]
            for length in lengths where length >= 0 && !items.isEmpty {
                let list = (0..<length).map { items[$0 % items.count] }
                found.append(Variation(path: path, change: .replace(.array(list))))
            }
            for (position, item) in items.enumerated().prefix(6) {
                found += shape.places(item, path + [.item(position)])
            }
        case .exclusive(let shape, _): found += shape.places(value, path)
        case .oneOf(let shapes), .choice(_, let shapes): for shape in shapes { found += shape.places(value, path) }
        default: break
        }
        return found
    }

    private static let otherKinds: [JSON] = [
        nil, true, 0, 1.5, raw("1.0"), raw("1e2"), raw("-0.0"), "", "text", [], [1], .object([JSON.Member]()),
        .object([.init("a", [1, [2]])]), "21", raw("9007199254740992"), raw("-9223372036854775809"), raw("1e300"),
    ]

    /// Values that may fit where a member is not there yet.
    private var seeds: [JSON] {
        switch self {
        case .boolean: [true, false, 0]
        case .integer(let range): [.integer(range.lowerBound), .integer(range.upperBound), raw("1.0")]
        case .number(let range): [.number(range.lowerBound), .number(range.upperBound), 1]
        case .string(let rule): rule.samples
        default: Self.otherKinds
        }
    }

    private func replacements(_ value: JSON) -> [JSON] {
        switch self {
        case .integer(let range):
            let (below, isLow) = range.lowerBound.subtractingReportingOverflow(1)
            let (above, isHigh) = range.upperBound.addingReportingOverflow(1)
            return [.integer(range.lowerBound), .integer(range.upperBound), raw("\(range.lowerBound).0"), raw("\(range.upperBound).0")]
                + (isLow ? [] : [.integer(below)]) + (isHigh ? [] : [.integer(above)])
        case .number(let range):
            return [range.lowerBound, range.upperBound, range.lowerBound.nextDown, range.upperBound.nextUp, -1e-300]
                .filter(\.isFinite).map { .number($0) }
        case .string(let rule):
            let text = value.string ?? ""
            return rule.samples + [text + "\n", "\n" + text, text + "=", text + "é", text.uppercased(), String(text.dropLast())]
                .map { .string($0) }
        default: return []
        }
    }
}

extension StringRule {
    /// Texts at the bounds of the rule and one beyond.
    fileprivate var samples: [JSON] {
        switch self {
        case .words(let words): (words + words.map { $0 + " " } + ["", words.joined()]).map { .string($0) }
        case .length(let range): Self.texts(range, of: ["é", "😀", "a"])
        case .pattern(let pattern):
            Self.texts(pattern.length, of: ["A", "B", "a", "1", "é"])
                + ["1-1", "01-1", "1-", "a@b", "a@", "x:y", ":y", "https://e.org", "a b", "AA", "AB", "AAA", "AAB", "A_-w"].map { .string($0) }
        }
    }

    private static func texts(_ range: ClosedRange<Int>, of letters: [String]) -> [JSON] {
        let lengths = [range.lowerBound - 1, range.lowerBound, range.upperBound, range.upperBound + 1]
        return letters.flatMap { letter in
            lengths.filter { $0 >= 0 }.map { .string(String(repeating: letter, count: $0)) }
        }
    }
}

extension JSON {
    fileprivate func changed(by variation: Variation) -> JSON { changed(variation.path[...], variation.change) ?? self }

    /// Nil if the value is to be removed.
    private func changed(_ path: ArraySlice<Variation.Step>, _ change: Variation.Change) -> JSON? {
        guard let step = path.first else {
            switch change {
            case .replace(let value): return value
            case .remove: return nil
            case .add(let name, let value):
                var changed = self
                changed[name] = value
                return changed
            }
        }
        switch (step, self) {
        case (.member(let name), .object(var members)):
            guard let index = members.firstIndex(where: { $0.key == name }) else { return self }
            if let value = members[index].value.changed(path.dropFirst(), change) {
                members[index].value = value
            } else {
                members.remove(at: index)
            }
            return .object(members)
        case (.item(let index), .array(var items)) where index < items.count:
            if let value = items[index].changed(path.dropFirst(), change) { items[index] = value } else { items.remove(at: index) }
            return .array(items)
        default: return self
        }
    }
}

/// SplitMix64.
struct VariationRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
