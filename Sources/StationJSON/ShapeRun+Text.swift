// SPDX-License-Identifier: Apache-2.0

extension ShapeRun {
    @inline(__always) func source(_ node: Int) -> UnsafeBufferPointer<UInt8> {
        let start = Int(nodes[node].start)
        return UnsafeBufferPointer(start: text + start, count: Int(nodes[node].end) &- start)
    }

    /// Calls `body` with the bytes of a string, escapes resolved.
    @inline(__always) func string(_ node: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        let start = Int(nodes[node].start) &+ 1
        let content = UnsafeBufferPointer(start: text + start, count: Int(nodes[node].end) &- start &- 1)
        return nodes[node].isEscaped ? unescaped(content).withUnsafeBufferPointer(body) : body(content)
    }

    /// Whether a name node says this word.
    @inline(__always) func says(_ name: Int, _ word: ShapeWord) -> Bool {
        if !nodes[name].isEscaped && Int(nodes[name].end &- nodes[name].start) != word.count &+ 2 { return false }
        return string(name) { sameBytes($0, content(word)) }
    }

    func same(_ a: ShapeWord, _ b: ShapeWord) -> Bool { sameBytes(content(a), content(b)) }

    /// The value node of the member of that name.
    func value(_ word: ShapeWord, in object: Int) -> Int? {
        var name = object &+ 1
        for _ in 0..<nodes[object].count {
            if says(name, word) { return name &+ 1 }
            name = Int(nodes[name &+ 1].next)
        }
        return nil
    }

    func word(in index: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for position in rules[index].first..<(rules[index].first &+ rules[index].count)
        where sameBytes(text, content(words[position])) { return true }
        return false
    }

    @inline(__always) func bounds(_ index: Int, contain count: Int) -> Bool {
        Int64(count) >= rules[index].low && Int64(count) <= rules[index].high
    }

    /// Whether a number lies in its bounds. Every number of a document is finite, so bounds at the ends need no look.
    @inline(__always) func number(_ index: Int, _ node: Int) -> Bool {
        let rule = rules[index]
        if rule.least <= -Double.greatestFiniteMagnitude && rule.most >= Double.greatestFiniteMagnitude { return true }
        let value = JSONNumber.double(source(node))
        return value >= rule.least && value <= rule.most
    }

    @inline(__always) private func content(_ word: ShapeWord) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[word.start..<(word.start &+ word.count)])
    }
}
