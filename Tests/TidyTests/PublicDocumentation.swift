// SPDX-License-Identifier: Apache-2.0

/// Finds public declarations without a `///` line above them (attributes may stand between).
///
/// Three things may go without, and nothing else:
/// - initialisers: their type is documented, and their parameters have the names of its members;
/// - witnesses of ``standardRequirements``, whose documentation is the protocol's;
/// - witnesses of our own public protocols, in files of a type that name the protocol.
struct PublicDocumentation {
    /// Requirements of the standard library, NIO, and the argument parser.
    static let standardRequirements: Set<String> = [
        "==", "<", "hash", "description", "debugDescription", "customMirror", "next", "rawValue",
        "InboundIn", "OutboundOut", "handlerAdded", "channelActive", "channelInactive", "channelRead", "errorCaught",
    ]

    /// `path:line: declaration`.
    private(set) var gaps: [String] = []
    /// Requirements of our public protocols, by the protocol's name.
    private(set) var requirements: [String: Set<String>] = [:]
    /// The protocols that a protocol inherits from.
    private var inherited: [String: [String]] = [:]

    init(files: [Project.File]) {
        for file in files { collect(file.lines) }
        // `Store+Core.swift` belongs to `Store.swift`, where the conformance may be declared.
        for (_, family) in Dictionary(grouping: files, by: { $0.path.prefix { $0 != "+" && $0 != "." } }) {
            let text = family.flatMap(\.lines).joined(separator: "\n")
            let named = requirements.keys.filter { text.contains($0) }
            let witnesses = named.reduce(into: Self.standardRequirements) { $0.formUnion(allRequirements(of: $1)) }
            for file in family.sorted(by: { $0.path < $1.path }) { check(file, witnesses) }
        }
    }

    private func allRequirements(of name: String) -> Set<String> {
        (inherited[name] ?? []).reduce(requirements[name] ?? []) { $0.union(allRequirements(of: $1)) }
    }

    private mutating func collect(_ lines: [String]) {
        var current: String?
        for line in lines {
            if line.hasPrefix("public protocol ") {
                let name = Self.identifier(line.dropFirst("public protocol ".count))
                current = name
                requirements[name] = []
                inherited[name] = line.split(whereSeparator: { " :,{".contains($0) }).dropFirst(3).map(String.init)
            } else if line.hasPrefix("}") {
                current = nil
            } else if let current, let name = Self.name(of: line) {
                requirements[current, default: []].insert(name)
            }
        }
    }

    private mutating func check(_ file: Project.File, _ witnesses: Set<String>) {
        for (index, line) in file.lines.enumerated() where Self.isPublic(line) {
            guard let name = Self.name(of: line), name != "init", !witnesses.contains(name) else { continue }
            let above = file.lines[..<index].last { !$0.drop { $0 == " " }.hasPrefix("@") }
            if above?.drop(while: { $0 == " " }).hasPrefix("///") == true { continue }
            gaps.append("\(file.path):\(index + 1): \(line.drop { $0 == " " })")
        }
    }

    private static func isPublic(_ line: String) -> Bool {
        let words = line.split(separator: " ").drop { $0.hasPrefix("@") }
        return (words.first == "public" || words.first == "open") && words.dropFirst().first != "import"
    }

    private static let kinds: Set<Substring> = [
        "func", "var", "let", "struct", "class", "enum", "protocol", "actor", "typealias", "subscript", "case",
        "associatedtype",
    ]

    /// The name that a line declares; nil if it declares nothing, or extends.
    private static func name(of line: String) -> String? {
        var words = line.split(separator: " ")[...]
        let modifiers: Set<Substring> = [
            "public", "open", "static", "final", "override", "mutating", "nonisolated", "indirect", "private(set)",
            "internal(set)", "package(set)", "convenience", "consuming", "prefix",
        ]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words = words.dropFirst() }
        // `class` is a kind, and a modifier before another kind.
        if words.first == "class", let second = words.dropFirst().first, kinds.contains(second) { words = words.dropFirst() }
        guard let kind = words.first else { return nil }
        if kind.hasPrefix("init(") || kind.hasPrefix("init?(") || kind.hasPrefix("init<") { return "init" }
        if kind.hasPrefix("subscript") { return "subscript" }
        guard kinds.contains(kind), let declared = words.dropFirst().first else { return nil }
        let name = identifier(declared)
        return name.isEmpty ? String(declared.prefix { $0 != "(" }) : name
    }

    private static func identifier(_ text: Substring) -> String {
        String(text.drop { $0 == "`" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}
