// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What is wrong with a play, or with what the component did in it: `file:line: what`.
struct TranscriptError: Error, CustomStringConvertible {
    let description: String

    init(_ file: String, _ line: Int, _ what: String) { description = "\(file).transcript:\(line): \(what)" }
}

/// A play that protocol people can read: a title, a cast, a line of dashes, then steps.
struct Transcript: Sendable, CustomTestStringConvertible {
    /// Who plays. The component is played by the real one, all others by the test.
    struct Member: Hashable, Sendable {
        let name: String
        let address: String
        /// The serial of a station that is engraved, or also introduced and logged in, before the play begins.
        let serial: String?
        /// Whether it is more than engraved.
        let isInstalled: Bool

        /// The address without its resource.
        var bare: String { String(address.prefix { $0 != "/" }) }
        /// What the address belongs to.
        var domain: String { String(bare.drop { $0 != "@" }.dropFirst()) }
    }

    /// What happens in a step.
    enum Action: Hashable, Sendable {
        case sends(String, xml: String)
        case receives(String, xml: String, exactly: Bool)
        case silence(seconds: Double)
        case pass(seconds: Double)
        case leaves(String)
        case hangUp
        case connect
        case restart
        case command(String, json: String)
        case told(json: String)
    }

    /// An action and where it stands in the file.
    struct Step: Hashable, Sendable {
        let line: Int
        let action: Action
    }

    let name: String
    let title: String
    let cast: [Member]
    /// Whether each request, with what follows from it, may be repeated without another outcome.
    let isRepeatable: Bool
    /// Why the play needs the virtual clock of the bench; nil if real servers can give it.
    let benchOnly: String?
    let steps: [Step]

    var testDescription: String { name }

    /// The folder of the plays, beside that of the tests.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Transcripts")

    /// All plays in order of their names; empty when one cannot be read, which has its own test.
    static let all = (try? load()) ?? []

    static func load() throws -> [Transcript] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "transcript" }.sorted { $0.path < $1.path }.map { file in
            try Transcript(
                name: file.deletingPathExtension().lastPathComponent,
                text: String(decoding: Data(contentsOf: file), as: UTF8.self))
        }
    }

    init(name: String, text: String) throws {
        self.name = name
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.first, first.hasPrefix("# ") else {
            throw TranscriptError(name, 1, "a play begins with '# ' and its title")
        }
        title = String(first.dropFirst(2))
        guard let dashes = lines.firstIndex(where: { $0.count >= 3 && $0.allSatisfy { $0 == "-" } }) else {
            throw TranscriptError(name, 1, "no line of dashes between the cast and the steps")
        }
        var cast: [Member] = []
        var isRepeatable = false
        var benchOnly: String?
        for index in 1..<dashes where !lines[index].isEmpty && !lines[index].hasPrefix("#") {
            if lines[index] == "Every request may be repeated" {
                isRepeatable = true
            } else if lines[index].hasPrefix("Only on the bench: ") {
                benchOnly = String(lines[index].dropFirst(19))
            } else {
                cast += try Self.members(lines[index], name, index + 1)
            }
        }
        self.cast = cast
        self.isRepeatable = isRepeatable
        self.benchOnly = benchOnly
        steps = try Self.steps(lines, from: dashes + 1, name, cast)
    }

    /// `[Station] wx-7@stations.localhost/agent (installed as WX-7)`, any number of them on a line.
    private static func members(_ line: String, _ file: String, _ number: Int) throws -> [Member] {
        try line.split(separator: "[").filter { !$0.allSatisfy(\.isWhitespace) }.map { part in
            guard let bracket = part.firstIndex(of: "]") else {
                throw TranscriptError(file, number, "a member of the cast is '[Name] address'")
            }
            let words = part[part.index(after: bracket)...].split(separator: " ").map(String.init)
            guard let address = words.first else { throw TranscriptError(file, number, "an address is missing") }
            let note = words.dropFirst().joined(separator: " ")
            let serial = ["(installed as ", "(engraved as "].first { note.hasPrefix($0) && note.hasSuffix(")") }
                .map { String(note.dropFirst($0.count).dropLast()) }
            guard note.isEmpty || serial != nil else { throw TranscriptError(file, number, "'\(note)' is not known") }
            return Member(name: String(part[..<bracket]), address: address, serial: serial, isInstalled: note.hasPrefix("(installed"))
        }
    }

    private static func steps(_ lines: [String], from start: Int, _ file: String, _ cast: [Member]) throws -> [Step] {
        var steps: [Step] = []
        var index = start
        while index < lines.count {
            let line = lines[index]
            index += 1
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard line.first != " " else { throw TranscriptError(file, index, "this belongs to no step") }
            let number = index
            var body: [String] = []
            while index < lines.count, lines[index].isEmpty || lines[index].first == " " {
                body.append(lines[index])
                index += 1
            }
            let text = body.joined(separator: "\n")
            guard let action = action(line, text.trimmingCharacters(in: .whitespacesAndNewlines), cast) else {
                throw TranscriptError(file, number, "not a step: \(line)")
            }
            steps.append(Step(line: number, action: action))
        }
        guard !steps.isEmpty else { throw TranscriptError(file, start, "nothing happens") }
        return steps
    }

    private static func action(_ line: String, _ body: String, _ cast: [Member]) -> Action? {
        if !body.isEmpty {
            if line == "The operator is told:" { return .told(json: body) }
            for member in cast {
                switch line {
                case "\(member.name) sends:": return .sends(member.name, xml: body)
                case "\(member.name) receives:": return .receives(member.name, xml: body, exactly: false)
                case "\(member.name) receives exactly:": return .receives(member.name, xml: body, exactly: true)
                default: continue
                }
            }
            return nil
        }
        switch line {
        case "The server hangs up": return .hangUp
        case "Component connects": return .connect
        case "The component is killed and starts again": return .restart
        default: break
        }
        if let member = cast.first(where: { line == "\($0.name) leaves" }) { return .leaves(member.name) }
        if line.hasPrefix("The operator: ") {
            let words = line.dropFirst(14).split(separator: " ", maxSplits: 1).map(String.init)
            return words.first.map { .command($0, json: words.count > 1 ? words[1] : "{}") }
        }
        if let seconds = seconds(line, "Nobody receives anything for ", " s") { return .silence(seconds: seconds) }
        return seconds(line, "", " s pass").map { .pass(seconds: $0) }
    }

    private static func seconds(_ line: String, _ before: String, _ after: String) -> Double? {
        guard line.hasPrefix(before), line.hasSuffix(after) else { return nil }
        return Double(line.dropFirst(before.count).dropLast(after.count)).flatMap { $0 >= 0 && $0 < 1e9 ? $0 : nil }
    }
}
