// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationSettings
import Testing

@testable import Stationmaster
@testable import station_command
@testable import stationmaster_command

/// A command without subcommands, with its words.
struct Leaf: Sendable, CustomStringConvertible {
    let words: [String]
    let type: any ParsableCommand.Type
    let root: any ParsableCommand.Type

    var description: String { words.joined(separator: " ") }
    var help: String { root.helpMessage(for: type, columns: 80) }

    static func all(below root: any ParsableCommand.Type) -> [Leaf] {
        func walk(_ type: any ParsableCommand.Type, _ words: [String]) -> [Leaf] {
            let words = words + [type._commandName]
            let inner = type.configuration.subcommands
            return inner.isEmpty ? [Leaf(words: words, type: type, root: root)] : inner.flatMap { walk($0, words) }
        }
        return walk(root, [])
    }

    static let all = all(below: StationmasterCommand.self) + all(below: StationCommand.self)
}

@Suite struct CommandLineTests {
    @Test(arguments: Leaf.all)
    func `A command's help shows an example, fits a terminal, and takes --json`(_ leaf: Leaf) {
        #expect(leaf.help.contains("Example"), "\(leaf)")
        #expect(leaf.help.contains("--json"), "\(leaf)")
        // The line of usage is the parser's own, and as long as the options are many.
        for line in leaf.help.split(separator: "\n") where line.count > 80 && !line.hasPrefix("USAGE:") {
            Issue.record("\(leaf): \(line)")
        }
    }

    @Test func `The program's help fits a terminal and names every exit status`() {
        let help = StationmasterCommand.helpMessage(columns: 80)
        for line in help.split(separator: "\n") where line.count > 80 { Issue.record("\(line)") }
        for status in ["0", "1", "64", "69", "73", "75", "78"] {
            #expect(help.contains("\n  \(status) "), "\(status)")
        }
    }

    /// Lines of `sh` blocks that call one of the two programs, with what they are continued by.
    static let shown: [String] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let catalogue = root.appendingPathComponent("Sources/Stationmaster/Stationmaster.docc")
        let articles = (try? FileManager.default.contentsOfDirectory(atPath: catalogue.path)) ?? []
        let files = [root.appendingPathComponent("README.md")]
            + articles.filter { $0.hasSuffix(".md") }.sorted().map(catalogue.appendingPathComponent)
        return files.flatMap { commands(in: (try? String(contentsOf: $0, encoding: .utf8)) ?? "") }
    }()

    private static func commands(in text: String) -> [String] {
        var isShell = false
        var lines: [String] = []
        for line in text.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n") {
            if line.hasPrefix("```") { isShell = line == "```sh" } else if isShell { lines.append(String(line)) }
        }
        return lines.filter { words($0).first.map { ["stationmaster", "station"].contains($0) } ?? false }
    }

    /// Without what stands before the program, and without a comment or redirection behind it.
    private static func words(_ line: String) -> [String] {
        var words = line.split(separator: " ").map { $0.trimmingCharacters(in: ["'", "\""]) }
        if let end = words.firstIndex(where: { $0.hasPrefix("#") || [">", "&", "|"].contains($0) }) {
            words.removeLast(words.count - end)
        }
        while let word = words.first, word.contains("=") || word == "sudo" { words.removeFirst() }
        if words.first == "-u" { words.removeFirst(2) }
        return words
    }

    @Test func `Documents show the programs at work`() { #expect(Self.shown.count > 20) }

    @Test(arguments: shown)
    func `A command in a document can be typed as it stands there`(_ line: String) {
        let words = Self.words(line)
        do {
            if words.first == "station" {
                _ = try StationCommand.parseAsRoot(Array(words.dropFirst()))
            } else {
                _ = try StationmasterCommand.parseAsRoot(Array(words.dropFirst()))
            }
        } catch {
            // Help and completion scripts come this way too.
            let isRefused = StationmasterCommand.exitCode(for: error) != .success
            #expect(!isRefused, "\(line): \(StationmasterCommand.message(for: error))")
        }
    }

    @Test(arguments: [
        (["--uri", "ftp://example.org/f"], "ftp"), (["--uri", "firmware.bin"], "firmware.bin"),
        (["--uri", "https://example.org/f", "--days", "0"], "--days"),
    ])
    func `A manifest that no station could use is not signed`(words: [String], named: String) {
        let error = #expect(throws: (any Error).self) { try sign(words) }
        #expect(error.map { StationmasterCommand.message(for: $0).contains(named) } ?? false)
    }

    @Test(arguments: [
        ["--id", "two words"], ["--sequence", "-1"], ["--hardware", ""], ["--version", ""],
        ["--vendor", String(repeating: "v", count: 129)], ["--format", "a b"],
    ])
    func `A manifest that does not fit its shape is not signed`(words: [String]) throws {
        #expect(throws: Never.self) {
            try sign(["--uri", "https://example.org/f"])?.manifest(size: 1, sha256: String(repeating: "0", count: 64), now: 0)
        }
        #expect(throws: (any Error).self) {
            try sign(["--uri", "https://example.org/f"] + words)?.manifest(
                size: 1, sha256: String(repeating: "0", count: 64), now: 0)
        }
    }

    private func sign(_ more: [String]) throws -> ReleaseCommands.Sign? {
        var words = ["--id": "wx-2.0", "--sequence": "2", "--version": "2.0", "--hardware": "rev-b"]
        var rest: [String] = []
        for index in stride(from: 0, to: more.count - 1, by: 2) {
            if words[more[index]] != nil { words[more[index]] = more[index + 1] } else { rest += more[index...(index + 1)] }
        }
        return try StationmasterCommand.parseAsRoot(
            ["release", "sign", "--key", "k", "--artifact", "a", "--out", "o"]
                + words.map { "\($0.key)=\($0.value)" } + rest.chunked().map { "\($0.0)=\($0.1)" }) as? ReleaseCommands.Sign
    }
}

extension [String] {
    fileprivate func chunked() -> [(String, String)] {
        stride(from: 0, to: count - 1, by: 2).map { (self[$0], self[$0 + 1]) }
    }
}
