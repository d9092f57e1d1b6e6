// SPDX-License-Identifier: Apache-2.0
import Testing

/// A call that the house does not use.
struct BannedCall: Sendable, CustomStringConvertible {
    let text: String
    /// What to do instead.
    let instead: String
    /// Targets in which it is allowed all the same.
    let allowed: Set<String>

    var description: String { text }

    init(_ text: String, _ instead: String, allowed: Set<String> = []) {
        self.text = text
        self.instead = instead
        self.allowed = allowed
    }

    /// Where time, randomness and identifiers come in.
    static let roots: Set<String> = ["Stationmaster", "StationAgent", "stationmaster-command", "station-command"]

    /// What Foundation reads may be of any size and have a member twice; what it writes is in no fixed order.
    private static let strictJSON = "JSONDocument and JSON of StationJSON: strict, bounded, the same everywhere"

    static let all = [
        BannedCall("try!", "throw, or handle the error"),
        BannedCall("fatal" + "Error", "throw: no input may end the process"),
        BannedCall("precondition" + "Failure", "throw: no input may end the process"),
        BannedCall(" as! ", "use as? and say what else may come"),
        BannedCall("unsafe" + "BitCast", "convert the value"),
        BannedCall("Date()", "take the time from CoreClock or a parameter", allowed: roots),
        BannedCall("UUID()", "take random bytes from CoreRandom", allowed: ["StationTesting"]),
        BannedCall(
            "SystemRandom" + "NumberGenerator", "take random bytes from CoreRandom or a parameter", allowed: roots),
        BannedCall("JSON" + "Decoder", Self.strictJSON),
        BannedCall("JSON" + "Encoder", Self.strictJSON),
        BannedCall("JSON" + "Serialization", Self.strictJSON),
        BannedCall("Dispatch" + "Queue", "a service with run(), or the core's work pool"),
        BannedCall("Task." + "detached", "a task group in run()"),
        BannedCall("TO" + "DO", "do it, or leave it out"),
        BannedCall("FIX" + "ME", "do it, or leave it out"),
    ]
}

@Suite struct SourceRuleTests {
    @Test(arguments: BannedCall.all)
    func `A banned call does not appear`(_ call: BannedCall) {
        for file in Project.sources where !call.allowed.contains(file.target) {
            for (index, line) in file.lines.enumerated() where Self.code(line).contains(call.text) {
                Issue.record("\(file):\(index + 1): \(call.text); instead: \(call.instead)")
            }
        }
    }

    /// A line without its comment; what is to be done stands in comments too.
    private static func code(_ line: String) -> Substring {
        if line.contains("TO" + "DO") || line.contains("FIX" + "ME") { return line[...] }
        if line.drop(while: { $0 == " " }).hasPrefix("//") { return "" }
        guard let comment = line.firstRange(of: " // ") else { return line[...] }
        return line[..<comment.lowerBound]
    }

    /// The most lines of one file, and of one function.
    static let fileLines = 500
    static let functionLines = 60
    /// Half of the files are no longer than this.
    static let medianLines = 150

    @Test func `Files are short`() {
        let lengths = Project.sources.map { $0.lines.count - 1 }.sorted()
        #expect(!lengths.isEmpty && lengths[lengths.count / 2] <= Self.medianLines)
        for file in Project.sources + Project.tests where file.lines.count - 1 > Self.fileLines {
            Issue.record("\(file) has \(file.lines.count - 1) lines")
        }
    }

    @Test func `Functions are short`() {
        for file in Project.sources {
            for (start, end) in Self.functions(file.lines) where end - start >= Self.functionLines {
                Issue.record("\(file):\(start + 1): \(end - start + 1) lines")
            }
        }
    }

    /// First and last line of each function that has a body of more than one line, by its indentation.
    private static func functions(_ lines: [String]) -> [(Int, Int)] {
        lines.indices.compactMap { start in
            let line = lines[start]
            let words = line.split(separator: " ")
            let opens = words.contains("func") || words.contains { $0.hasPrefix("init(") || $0.hasPrefix("init?(") }
            guard opens, !words.contains(where: { $0.hasPrefix("//") }) else { return nil }
            let margin = String(line.prefix { $0 == " " })
            guard let brace = lines[start...].prefix(12).firstIndex(where: { $0.hasSuffix("{") || $0.hasSuffix("}") }),
                lines[brace].hasSuffix("{"), let end = lines[brace...].firstIndex(of: margin + "}")
            else { return nil }
            return (start, end)
        }
    }

    @Test func `Every file names its licence first`() {
        let line = "SPDX-License-Identifier: Apache-2.0"
        let packages = Project.tests.filter { $0.description.hasSuffix("/Package.swift") }
        for file in packages where file.lines.dropFirst().first != "// " + line {
            Issue.record("\(file): the second line is not '// \(line)'")
        }
        for file in Project.sources + Project.tests
        where !file.description.hasSuffix("/Package.swift") && file.lines.first != "// " + line {
            Issue.record("\(file): the first line is not '// \(line)'")
        }
        let others =
            Project.files(below: "Sources", endings: [".h"]) + Project.files(below: "Tests", endings: [".py", ".sh", "/run"])
            + Project.files(below: "Config", endings: [".lua", ".yml", ".service", "/demo"])
        for file in others where !file.lines.prefix(2).contains(where: { $0.contains(line) }) {
            Issue.record("\(file): neither of the first two lines has '\(line)'")
        }
        #expect(Project.text("Package.swift").contains("// " + line))
        #expect(Project.text("LICENSE").contains("Apache License\n                           Version 2.0, January 2004"))
    }

    @Test func `No file names a place on somebody's machine`() {
        let places = ["work", "home", "root", "Users"].map { "/" + $0 + "/" }
        let endings = [
            ".swift", ".h", ".md", ".py", ".sh", ".lua", ".yml", ".yaml", ".json", ".sql", ".xml", ".svg", ".service",
            "/run", "/demo", "/prosody", "/ejabberd", "/jabberd2",
        ]
        let files = ["Sources", "Tests", "Config", "Schemas"].flatMap { Project.files(below: $0, endings: endings) }
        let top = ["README.md", "Package.swift", ".swift-format", ".gitignore", ".ci/run"].map {
            Project.File(path: $0, lines: Project.lines(of: Project.text($0)))
        }
        for file in files + top {
            for (index, line) in file.lines.enumerated() {
                for place in places where line.contains(place) && !line.contains("http") {
                    Issue.record("\(file):\(index + 1): \(place)")
                }
            }
        }
    }

    @Test func `Every public declaration is documented`() {
        let documentation = PublicDocumentation(files: Project.sources)
        for gap in documentation.gaps { Issue.record("\(gap)") }
    }
}
